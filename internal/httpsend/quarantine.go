package httpsend

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

const (
	// maxQuarantined and maxQuarantinedBytes bound an exporter's quarantine. A
	// record that finds no room stays in its push, and so in the queue.
	maxQuarantined      = 10_000
	maxQuarantinedBytes = 32 << 20 // of encoded records

	// attemptGap bounds the attempts to 100 a second, attemptsAtOnce those on
	// their way: each opens a connection of its own.
	attemptGap     = 10 * time.Millisecond
	attemptsAtOnce = 8

	// smallest is the size from which on a record can be too large, in bytes. A
	// 413 to a smaller one tells of a limit that a proxy has, and Datadog and Loki
	// have not: the record is kept until that is changed.
	smallest = 64 << 10
)

// quarantine holds records that were refused alone, where the destination may be
// wrong. They wait beside the queue and slow no other record; each is sent again
// by itself, on a new connection, every half retry_on_failure::max_interval.
//
//	accepted                                            delivered
//	refused, with others accepted since its last one    counts against it
//	refused otherwise, any other answer, or none        counts for nothing
//
// What trust calls enough of what counts, over at least twice max_interval, drops
// a record. A restart begins to count anew.
type quarantine struct {
	encoding payload.Encoding
	sift     func(*payload.Request) (*payload.Request, error)
	done     func([]payload.Record)
	gauge    func(records int)
	logger   *zap.Logger

	sender  *Sender
	ctx     context.Context    // of the attempts
	cancel  context.CancelFunc // ends them
	end     chan struct{}      // closed: no further attempt begins
	stopped sync.Once
	run     sync.WaitGroup
	wake    chan struct{}

	mu      sync.Mutex
	shelf   shelf
	records map[*quarantined]struct{}
	size    int // bytes of the records
	paused  time.Time
}

// quarantined is one record.
type quarantined struct {
	request  *payload.Request
	slot     int // of the shelf
	since    time.Time
	next     time.Time // when to try again
	busy     bool      // is being tried
	gone     bool      // delivered or dropped, and only its copy on the shelf is left
	refusals int
	accepts  uint64 // of the destination, at the last refusal
}

func newQuarantine(b *Backend, encoding payload.Encoding, logger *zap.Logger) *quarantine {
	q := &quarantine{
		encoding: encoding, sift: b.Sift, done: b.Delivered, gauge: b.Quarantined, logger: logger,
		end: make(chan struct{}), wake: make(chan struct{}, 1), records: map[*quarantined]struct{}{},
	}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	return q
}

// start begins to try. The records of an earlier process are there already.
func (q *quarantine) start(s *Sender) {
	q.sender = s
	s.quarantine = q
	q.mu.Lock()
	q.changed(nil)
	q.mu.Unlock()
	q.run.Go(q.loop)
}

// stop waits for the attempts on their way, within a bound, and begins no further
// one. It may be called again.
func (q *quarantine) stop() {
	q.stopped.Do(func() { close(q.end) })
	impatient := time.AfterFunc(lastAttempts, q.cancel)
	defer impatient.Stop()
	q.run.Wait()
}

// add takes the first of the refused records, as many as there is room for, and
// returns how many. On disk they are durable when it returns.
func (q *quarantine) add(b *payload.Batch, refused []refusal) (taken int, err error) {
	var fresh []*quarantined
	for _, x := range refused {
		one, err := b.Request([]payload.Range{x.Range})
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
		fresh = append(fresh, &quarantined{request: copied.(*payload.Request)})
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	accepts, _ := q.sender.trust.standing()
	for _, x := range fresh {
		if len(q.records) == maxQuarantined || q.size+x.request.BytesSize() > maxQuarantinedBytes {
			err = errNoRoom
			break
		}
		if x.slot, err = q.shelf.put(q.encoding, x.request); err != nil {
			break
		}
		x.since, x.next, x.accepts = now, q.after(now), accepts
		q.records[x] = struct{}{}
		q.size += x.request.BytesSize()
		taken++
	}
	if storing := q.shelf.store(); storing != nil {
		for _, x := range fresh[:taken] {
			q.forget(x)
		}
		taken, err = 0, fmt.Errorf("storing refused events in quarantine: %w", storing)
	}
	if taken > 0 {
		q.changed(refused[taken-1].err)
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return taken, err
}

// after returns when to try a record again: at random within a half of the
// interval to one and a half, so that no pattern of a balancer meets the same
// records for ever.
func (q *quarantine) after(now time.Time) time.Time {
	spacing := q.sender.spacing()
	return now.Add(spacing/2 + rand.N(spacing))
}

// spacing is the mean time between two attempts with a record in quarantine.
func (s *Sender) spacing() time.Duration { return max(s.HoldFor/2, time.Millisecond) }

func (q *quarantine) loop() {
	free := make(chan struct{}, attemptsAtOnce)
	for {
		x, wait := q.due(time.Now())
		if x != nil {
			free <- struct{}{}
			q.run.Go(func() {
				q.try(q.ctx, x)
				<-free
			})
			wait = attemptGap
		}
		select {
		case <-q.end:
			return
		case <-q.wake:
		case <-time.After(wait):
		}
	}
}

// due takes the record that has been due for longest, or returns how long to wait
// for one.
func (q *quarantine) due(now time.Time) (first *quarantined, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for x := range q.records {
		if !x.busy && (first == nil || x.next.Before(first.next)) {
			first = x
		}
	}
	switch {
	case first == nil:
		return nil, q.sender.HoldFor + time.Second
	case q.paused.After(now):
		return nil, q.paused.Sub(now)
	case first.next.After(now):
		return nil, first.next.Sub(now)
	}
	first.busy = true
	return first, 0
}

// try sends a record once more, and judges it.
func (q *quarantine) try(ctx context.Context, x *quarantined) {
	if x.gone {
		q.settle(x, Delivered, nil)
		return
	}
	r, err := q.sift(x.request)
	switch {
	case err != nil:
		q.settle(x, Retry, err)
		return
	case r.ItemsCount() == 0: // too old by now
		q.settle(x, Delivered, nil)
		return
	}
	verdict, err := q.sender.again(ctx, r, q.done)
	q.settle(x, verdict, err)
}

// settle takes note of what an attempt came to.
func (q *quarantine) settle(x *quarantined, verdict Verdict, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	x.busy, x.next = false, q.after(now)
	switch verdict {
	case Delivered:
		q.remove(x)
	case Retry, Hold: // which tells nothing of the record, and much of the others' prospects
		q.paused = now.Add(q.sender.spacing())
	default:
		if q.sender.trust.doubtful() {
			q.paused = now.Add(q.sender.spacing())
		}
		accepts, enough := q.sender.trust.standing()
		if accepts == x.accepts || verdict == Split && x.request.BytesSize() < smallest {
			break
		}
		x.accepts = accepts
		x.refusals++
		if x.refusals >= enough && now.Sub(x.since) >= 2*q.sender.HoldFor {
			q.sender.Drops.Add(verdict.reason(), 1, err)
			q.remove(x)
		}
	}
	q.changed(err)
}

// remove forgets a record, unless its copy on disk cannot be deleted: then that
// is tried again.
func (q *quarantine) remove(x *quarantined) {
	q.shelf.take(x.slot)
	if err := q.shelf.store(); err != nil {
		if !x.gone {
			q.logger.Warn("The storage refuses to delete an event from the quarantine, which is tried until it does; a restart before that delivers it again", zap.Error(err))
		}
		x.gone = true
		return
	}
	q.forget(x)
}

func (q *quarantine) forget(x *quarantined) {
	delete(q.records, x)
	q.size -= x.request.BytesSize()
	q.shelf.release(x.slot)
}

// changed tells how many records there are. The caller holds the lock.
func (q *quarantine) changed(words error) {
	q.gauge(len(q.records))
	if q.sender != nil {
		q.sender.quarantined(len(q.records), words)
	}
}
