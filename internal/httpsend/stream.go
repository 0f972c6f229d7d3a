package httpsend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// stream is the exporter of one managed stream: that of NewLogs, whose target can
// change and whose queue can be dropped while it runs.
type stream struct {
	exporter.Logs
	id      component.ID // of its queue
	logs    *logs        // set by newLogs
	sizes   *queueSizes  // of its queue
	account account
	of      atomic.Pointer[managed.Stream]

	ready chan struct{} // closed once what waited at the start is counted: nothing is sent before
	ended chan struct{} // closed: the shutdown has begun
	gone  atomic.Bool   // the stream was deleted: what waits is dropped
	era   atomic.Pointer[era]

	mu     sync.RWMutex // held for reading while logs are put into the queue
	closed bool         // the queue takes nothing more
}

// era is the time from one change of a stream to the next. Its context ends the
// attempts that began in it.
type era struct {
	context.Context
	end     context.CancelFunc
	changed chan struct{} // closed by the change
}

// graceTime is how long an attempt goes on that is under way when its stream gets
// other credentials: a healthy one ends within it and is not repeated.
const graceTime = 500 * time.Millisecond

func newStream(id component.ID, of *managed.Stream, total *total) *stream {
	s := &stream{
		id: id, sizes: &queueSizes{},
		account: account{figures: of.Figures, total: total},
		ready:   make(chan struct{}), ended: make(chan struct{}),
	}
	s.of.Store(of)
	s.change()
	return s
}

// change begins another era and returns the one before.
func (s *stream) change() *era {
	ctx, cancel := context.WithCancel(context.Background())
	before := s.era.Swap(&era{ctx, cancel, make(chan struct{})})
	if before != nil {
		close(before.changed)
	}
	return before
}

// retarget makes what waits, and what comes, go to t. It does not block.
func (s *stream) retarget(of *managed.Stream, t Target) {
	s.of.Store(of)
	s.logs.sender.aim(t)
	s.logs.sender.health.retargeted()
	before := s.change()
	time.AfterFunc(graceTime, before.end)
}

// remove makes everything that waits dropped, and returns false where it was before. It
// does not block; drop waits for it.
func (s *stream) remove() bool {
	if !s.gone.CompareAndSwap(false, true) {
		return false
	}
	s.change().end()
	return true
}

// start reads what is stored, and begins to deliver it.
func (s *stream) start(ctx context.Context, host component.Host) error {
	defer close(s.ready)
	if err := s.Start(ctx, host); err != nil {
		return errors.Join(err, s.Shutdown(ctx))
	}
	found := s.sizes.size() + s.logs.quarantine.found
	if s.account.found(found); found > 0 {
		go s.settle()
	}
	return nil
}

// settleEvery is how often a queue is looked at until it is empty for the first time.
const settleEvery = time.Second

// settle takes back what was found and is not there: after a kill on a full storage the
// index can count items that are gone. An empty queue shows how many.
func (s *stream) settle() {
	for settled := false; !settled; {
		select {
		case <-time.After(settleEvery):
		case <-s.ended:
			return
		}
		if s.sizes.size() == 0 {
			settled = s.settleNow()
		}
	}
}

// settleNow returns false where the queue is not empty after all.
func (s *stream) settleNow() bool {
	s.mu.Lock() // no put is under way
	defer s.mu.Unlock()
	if s.closed {
		return true
	}
	if s.sizes.size() > 0 {
		return false
	}
	s.account.settle(s.logs.quarantine.left())
	return true
}

var (
	errClosing = errors.New("the stream's queue is being closed")
	errTotal   = errors.New("the queues of all streams together are full: max_queued_events")
)

// offer puts logs of so many events into the queue. Its error is retryable.
func (s *stream) offer(ctx context.Context, ld plog.Logs, events int) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errClosing
	}
	if most := s.logs.Queue.Get().QueueSize; int64(events) > most {
		err := fmt.Errorf("%d events in one request, and its queue has room for %d: send fewer at a time, or raise sending_queue::queue_size", events, most)
		s.account.refusedAsFull(err)
		return err
	}
	if !s.account.accept(events) {
		s.account.refusedAsFull(errTotal)
		return errTotal
	}
	err := s.ConsumeLogs(ctx, ld)
	if err != nil {
		s.account.refuse(events)
		if errors.Is(err, exporterhelper.ErrQueueIsFull) {
			s.account.refusedAsFull(err)
		}
	}
	return err
}

// oldest is the time of the oldest event that waits.
func (s *stream) oldest() time.Time {
	oldest := s.account.oldest()
	if at := s.logs.quarantine.oldest(); !at.IsZero() && at.Before(oldest) {
		return at
	}
	return oldest
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.ended)
	}
}

// Shutdown implements component.Component.
func (s *stream) Shutdown(ctx context.Context) error {
	s.close()
	return s.Logs.Shutdown(ctx)
}

// drop waits until a stream that was removed has dropped everything that waited, and
// shuts it down. It returns how many events it has dropped.
func (s *stream) drop(ctx context.Context) (events int, err error) {
	s.mu.Lock() // until no put is under way
	s.closed = true
	s.mu.Unlock()
	for s.sizes.size() > 0 {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done(): // the rest is found and dropped at the next start
			return int(s.account.discarded.Load()), errors.Join(ctx.Err(), s.shutdownGone())
		}
	}
	s.account.discard(s.logs.quarantine.discard())
	return int(s.account.discarded.Load()), s.shutdownGone()
}

func (s *stream) shutdownGone() error {
	close(s.ended)
	return s.Logs.Shutdown(context.Background())
}
