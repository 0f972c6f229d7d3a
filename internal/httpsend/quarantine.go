package httpsend

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

const (
	// maxQuarantined and maxQuarantinedBytes bound an exporter's quarantine. A
	// record that finds no room stays in its push, and so in the queue. One that is
	// larger than all of it has room when it is alone: nothing else would ever let it go.
	maxQuarantined      = 10_000
	maxQuarantinedBytes = 32 << 20 // of encoded records

	// attemptGap bounds the attempts to 100 a second, attemptsAtOnce those on
	// their way: each opens a connection of its own.
	attemptGap     = 10 * time.Millisecond
	attemptsAtOnce = 8

	// smallest is the size from which on a record can be too large, in bytes. A 413
	// to a smaller one comes from a proxy with a low limit: the record is kept until
	// that is changed. Datadog takes 1,000,000 bytes and Loki, by default, 256 KiB.
	smallest = 64 << 10
)

// quarantine keeps records that were rejected in a request of their own, because the
// destination may be wrong. They wait beside the queue and slow no other record. Each
// is sent again by itself, on a new connection, about every half
// retry_on_failure::max_interval.
//
//	accepted                                            delivered
//	refused, with others accepted since its last one    counts against it
//	refused otherwise, any other answer, or none        counts for nothing
//
// The rejections that destinationHealth.dropRule asks for, over at least twice
// max_interval, drop a record. A restart begins to count anew.
type quarantine struct {
	encoding payload.QueueEncoding
	filter   func(*payload.Request) (*payload.Request, error)
	done     func([]payload.Record)
	gauge    func(records int)
	logger   *zap.Logger

	sender  *Sender
	ctx     context.Context    // of the attempts
	cancel  context.CancelFunc // ends them
	end     chan struct{}      // closed: no further attempt begins
	began   sync.Once
	stopped sync.Once
	run     sync.WaitGroup
	wake    chan struct{}

	mu      sync.Mutex
	slots   slots
	records map[*quarantined]struct{}
	size    int // bytes of the records
	paused  time.Time
	found   int // records that an earlier process has left
}

// quarantined is one record.
type quarantined struct {
	request    *payload.Request
	slot       int // where it is stored
	since      time.Time
	next       time.Time // when to try again
	busy       bool      // is being tried
	gone       bool      // delivered or dropped, and only its copy in the slot is left
	rejections int
	accepts    uint64 // of the destination, at the last refusal
}

func newQuarantine(l *logs, encoding payload.QueueEncoding) *quarantine {
	q := &quarantine{
		encoding: encoding, filter: l.Filter, done: l.delivered, gauge: l.quarantined, logger: l.logger,
		end: make(chan struct{}), wake: make(chan struct{}, 1), records: map[*quarantined]struct{}{},
	}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	return q
}

// start connects q and s. The attempts begin with the first record.
func (q *quarantine) start(s *Sender) {
	q.sender = s
	s.quarantine = q
}

// stop begins no further attempt and waits for those under way, lastAttempts at most.
// It may be called again.
func (q *quarantine) stop() {
	q.stopped.Do(func() { close(q.end) })
	impatient := time.AfterFunc(lastAttempts, q.cancel)
	defer impatient.Stop()
	q.run.Wait()
}

// add takes as many of the rejected records as there is room for, the first ones
// first, and returns how many. Those on disk are durable when it returns.
func (q *quarantine) add(c *payload.Cursor, refused []rejectedAlone) (taken int, err error) {
	var fresh []*quarantined
	var encoded [][]byte // fresh, as they are stored
	for _, x := range refused {
		one, err := c.Request([]payload.Range{x.Range})
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errNoRecord, err)
		}
		stored, err := q.encoding.Marshal(context.Background(), one)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errNoRecord, err)
		}
		// one would keep all of its block in memory.
		_, copied, err := q.encoding.Unmarshal(stored)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errNoRecord, err)
		}
		fresh, encoded = append(fresh, &quarantined{request: copied.(*payload.Request)}), append(encoded, stored)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	accepts, _ := q.sender.health.dropRule()
	for i, x := range fresh {
		if len(q.records) == maxQuarantined || len(q.records) > 0 && q.size+x.request.BytesSize() > maxQuarantinedBytes {
			err = errNoRoom
			break
		}
		if x.slot, err = q.slots.put(encoded[i]); err != nil {
			break
		}
		x.since, x.next, x.accepts = now, q.after(now), accepts
		q.records[x] = struct{}{}
		q.size += x.request.BytesSize()
		taken++
	}
	if storing := q.slots.commit(); storing != nil {
		for _, x := range fresh[:taken] {
			q.forget(x)
		}
		taken, err = 0, fmt.Errorf("storing refused events in quarantine: %w", storing)
	}
	if taken > 0 {
		q.changed(refused[taken-1].err)
	}
	return taken, err
}

func (q *quarantine) forget(x *quarantined) {
	delete(q.records, x)
	q.size -= x.request.BytesSize()
	q.slots.release(x.slot)
}

// tryNow makes every record due, and its earlier rejections not count: the destination
// is another.
func (q *quarantine) tryNow() {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.paused = time.Time{}
	for x := range q.records {
		x.next, x.since, x.rejections = now, now, 0
	}
	q.changed(nil)
}

// oldest is the time of the oldest record, or else when it was first refused; zero where
// there is none.
func (q *quarantine) oldest() (oldest time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for x := range q.records {
		at := x.since
		if of := x.request.Oldest(); of > 0 {
			at = time.Unix(0, of)
		}
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

// waiting is the number of records that are neither delivered nor dropped. The caller has
// locked q.mu.
func (q *quarantine) waiting() (n int) {
	for x := range q.records {
		if !x.gone {
			n++
		}
	}
	return n
}

// left is waiting, for who has not locked q.mu.
func (q *quarantine) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting()
}

// discard ends the attempts and forgets every record. It returns how many.
func (q *quarantine) discard() int {
	q.cancel()
	q.stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.waiting()
	for x := range q.records {
		q.slots.take(x.slot)
		q.forget(x)
	}
	if err := q.slots.commit(); err != nil {
		q.logger.Warn("The storage refuses to delete the quarantine of a deleted stream, which is tried at the next start", zap.Error(err))
	}
	q.gauge(0)
	q.sender.quarantined(0, nil)
	return n
}

// changed reports the number of records and wakes the loop. The caller has locked
// q.mu.
func (q *quarantine) changed(words error) {
	q.gauge(len(q.records))
	q.sender.quarantined(len(q.records), words)
	if len(q.records) > 0 {
		q.began.Do(func() { q.run.Go(q.loop) })
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}
