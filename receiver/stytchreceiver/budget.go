package stytchreceiver

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"time"

	"golang.org/x/sync/semaphore"
)

// budget bounds the memory that requests take at a time, in bytes, by three pools. A
// request that waits for bodies or webhooks has reserved only its body, and one that
// waits for records has reserved no records: so waiting requests never wait for each
// other.
type budget struct {
	bodies   *pool // bodies as they are sent, of authenticated protocols
	webhooks *pool // bodies as they are sent, before their signature is checked
	records  *pool // decompressed bodies and what is made of them
}

// newBudget divides max_inflight_bytes, 0 for the default. Webhooks have a pool of their
// own since anyone can send one.
func newBudget(bytes int64) *budget {
	if bytes == 0 {
		bytes = defaultInflight()
	}
	quarter := bytes / 4
	return &budget{bodies: newPool(quarter), webhooks: newPool(quarter), records: newPool(bytes - 2*quarter)}
}

const (
	// minInflight has room for a few requests of one event in each pool.
	minInflight = 1 << 20
	// freeInflight is the default without GOMEMLIMIT: six requests of a thousand events
	// of 860 bytes at a time.
	freeInflight = 64 << 20
)

// defaultInflight is a quarter of GOMEMLIMIT if that is set.
func defaultInflight() int64 {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		return freeInflight
	}
	return max(limit/4, minInflight)
}

// The weight of a request is the memory that it reserves, in bytes. Measured with 12,000
// events: while a body is parsed there are the body, the text of the records, and an index
// of half the body's size; afterwards the text, and about 500 bytes for each record in each
// of two pipelines.
const (
	bodyWeight   = 3       // of a decompressed byte, while the body is parsed
	recordWeight = 1 << 10 // of a record
	leastWeight  = 8 << 10 // of a request: it bounds their number too
)

// expectedRecords returns the number of records that a decompressed body of size bytes is
// expected to hold.
func expectedRecords(size int64) int64 { return max(size/512, leastWeight/recordWeight-1) }

// parseWeight returns the weight of a request while its decompressed body of size bytes is
// parsed.
func parseWeight(size, records int64) int64 {
	return max(bodyWeight*size+recordWeight*records, leastWeight)
}

// recordsWeight returns the weight of a request after its body of size bytes is parsed.
func recordsWeight(size, records int64) int64 {
	return max(size+recordWeight*records, leastWeight)
}

// waitForRoom is the longest that a request waits for room in a pool.
const waitForRoom = time.Second

var errNoRoom = errors.New("max_inflight_bytes are in use by other requests")

// pool is memory that requests share.
type pool struct {
	room *semaphore.Weighted
	size int64
}

func newPool(size int64) *pool { return &pool{semaphore.NewWeighted(size), size} }

func (p *pool) acquire(n int64) error {
	if p.room.TryAcquire(n) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitForRoom)
	defer cancel()
	if p.room.Acquire(ctx, n) != nil {
		return newHTTPError(reasonBusy, errNoRoom)
	}
	return nil
}

// share is what one request has reserved of a pool, at most the whole pool: a request
// with a larger weight passes once it is alone. It is not safe for concurrent use.
type share struct {
	pool *pool
	held int64 // bytes
}

// raise makes the share at least n bytes. It waits up to waitForRoom, then returns an
// *httpError.
func (s *share) raise(n int64) error {
	n = min(n, s.pool.size)
	if n <= s.held {
		return nil
	}
	err := s.pool.acquire(n - s.held)
	if err == nil {
		s.held = n
	}
	return err
}

// renew is raise, but frees the share before it waits.
func (s *share) renew(n int64) error {
	if s.held >= min(n, s.pool.size) {
		return nil
	}
	s.free()
	return s.raise(n)
}

// lower makes the share at most n bytes.
func (s *share) lower(n int64) {
	if n < s.held {
		s.pool.room.Release(s.held - n)
		s.held = n
	}
}

func (s *share) free() { s.lower(0) }
