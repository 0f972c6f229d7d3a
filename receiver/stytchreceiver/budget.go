package stytchreceiver

import (
	"context"
	"errors"
	"math"
	"net/http"
	"runtime/debug"
	"time"

	"golang.org/x/sync/semaphore"
)

// budget bounds the memory that requests take at a time, in bytes, in three
// pools. A request waits in the first or second with nothing but its body, and
// in the third with nothing of the third: requests that wait cannot keep each
// other from going on.
type budget struct {
	bodies   *pool // bodies as they are sent, of authenticated protocols
	webhooks *pool // bodies as they are sent, before their signature is checked
	records  *pool // decompressed bodies and what is made of them
}

// newBudget divides max_inflight_bytes. Webhooks get a quarter of their own,
// since anyone can send one.
func newBudget(bytes int64) *budget {
	if bytes == 0 {
		bytes = defaultInflight()
	}
	quarter := bytes / 4
	return &budget{bodies: newPool(quarter), webhooks: newPool(quarter), records: newPool(bytes - 2*quarter)}
}

const (
	// minInflight leaves a pool room for a few requests of one event.
	minInflight = 1 << 20
	// freeInflight is the default where Go's memory has no limit: six requests
	// of a thousand events of 860 bytes at a time.
	freeInflight = 64 << 20
)

// defaultInflight is a quarter of GOMEMLIMIT where it is set.
func defaultInflight() int64 {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		return freeInflight
	}
	return max(limit/4, minInflight)
}

// What a request weighs, in bytes. Measured with one of 12,000 events: while its
// body is parsed there are the body, the text of the records, and an index of
// half its size; afterwards the text, and for each record and each of two
// pipelines about 500 bytes.
const (
	bodyWeight   = 3       // of a decompressed byte, while the body is parsed
	recordWeight = 1 << 10 // of a record
	leastWeight  = 8 << 10 // of a request: it bounds their number as well
)

// expectedRecords is how many records a body of size bytes is taken to hold before
// it is parsed.
func expectedRecords(size int64) int64 { return max(size/512, leastWeight/recordWeight-1) }

// parseWeight is that of a request while it is parsed, whose body has size bytes
// and so many records.
func parseWeight(size, records int64) int64 {
	return max(bodyWeight*size+recordWeight*records, leastWeight)
}

// recordsWeight is that of a request once it is parsed.
func recordsWeight(size, records int64) int64 {
	return max(size+recordWeight*records, leastWeight)
}

// waitForRoom is how long a request waits for room in a pool.
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
		return refuse(http.StatusServiceUnavailable, reasonBusy, errNoRoom)
	}
	return nil
}

// share is what one request holds of a pool. Nothing weighs more than the whole
// pool: such a request passes once it is alone.
type share struct {
	pool *pool
	held int64
}

// raise makes the share at least n, or returns the refusal after a second.
func (s *share) raise(n int64) error {
	if s.pool == nil {
		return nil
	}
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

// renew is raise, but lets go of what is held before it waits.
func (s *share) renew(n int64) error {
	if s.pool == nil || s.held >= min(n, s.pool.size) {
		return nil
	}
	s.free()
	return s.raise(n)
}

// lower makes the share at most n.
func (s *share) lower(n int64) {
	if n < s.held {
		s.pool.room.Release(s.held - n)
		s.held = n
	}
}

func (s *share) free() { s.lower(0) }
