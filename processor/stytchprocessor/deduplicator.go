package stytchprocessor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// deduplicator hands each event on once. It drops an event only if the next
// consumer has taken an equal one: a refused event may come again.
//
// A request claims its new events, hands them on and settles the claim with the
// answer. Events that another request has claimed are pending: once that request
// has settled, they are duplicates or free to claim. A request waits only after it
// has settled its own claim, so that no two requests wait for each other.
//
// It is safe for concurrent use.
type deduplicator struct {
	cfg   DeduplicateConfig
	next  consumer.Logs
	count *counters
	seeds *seeds // without a storage
	start time.Time
	// figuresOf returns the figures of the stream that events belong to, or nil. Nil is
	// no function: no stream has figures.
	figuresOf func(plog.ResourceLogs) *managed.Figures

	stored *storedWindow // nil without a storage, which is opened by open

	mu       sync.Mutex
	seen     seenSet
	inFlight map[key]*claim
}

// claim holds the keys of the events that one request is handing on.
type claim struct {
	keys    []key
	settled chan struct{}
	taken   bool // the next consumer has taken them; read it after settled is closed, or under mu
}

func newDeduplicator(cfg DeduplicateConfig, count *counters, next consumer.Logs) *deduplicator {
	return &deduplicator{
		cfg: cfg, next: next, count: count, seeds: newSeeds(),
		start:    time.Now().Add(-cfg.Window - time.Second), // what was stored is from before now
		seen:     seenSet{window: seconds(cfg.Window), limit: cfg.MaxEvents},
		inFlight: map[key]*claim{},
	}
}

func (d *deduplicator) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

// ConsumeLogs returns nil when the next consumer has taken each event of ld, from
// this request or from another one.
func (d *deduplicator) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	list := records(ld, d.hasher())
	duplicates := 0
	var figures []*managed.Figures // of the duplicates that belong to a stream with figures
	for {
		own, number := d.claim(list)
		if duplicates += number[drop]; number[drop] > 0 && d.figuresOf != nil {
			figures = d.appendFigures(figures, ld, list)
		}
		pending := none
		if number[wait] > 0 {
			pending = plog.NewLogs()
			ld.CopyTo(pending)
			keep(pending, list, wait)
		}
		if number[forward] > 0 {
			if number[forward] < len(list) {
				keep(ld, list, forward)
			}
			if err := d.forward(ctx, ld, own); err != nil {
				return withPending(err, pending)
			}
		}
		if number[wait] == 0 {
			d.count.duplicates(ctx, duplicates)
			for _, f := range figures {
				f.Received(1)
				f.Dropped(managed.ReasonDuplicate, 1)
			}
			return nil
		}
		ld, list = pending, slices.DeleteFunc(list, func(r record) bool { return r.action != wait })
		select {
		case <-list[0].holder.settled:
		case <-ctx.Done():
			return fmt.Errorf("waiting for another request that holds the same event: %w", context.Cause(ctx))
		}
	}
}

// appendFigures appends the figures of each record of ld that is dropped.
func (d *deduplicator) appendFigures(figures []*managed.Figures, ld plog.Logs, list []record) []*managed.Figures {
	i := 0
	for _, rl := range ld.ResourceLogs().All() {
		of := d.figuresOf(rl)
		for _, sl := range rl.ScopeLogs().All() {
			for range sl.LogRecords().Len() {
				if list[i].action == drop && of != nil {
					figures = append(figures, of)
				}
				i++
			}
		}
	}
	return figures
}

// claim sets the action of each record and claims the records to forward. It
// returns the number of records by action.
func (d *deduplicator) claim(list []record) (own *claim, number [3]int) {
	own = &claim{keys: make([]key, 0, len(list)), settled: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen.expire(d.now())
	for i := range list {
		list[i].action = d.decide(&list[i], own)
		number[list[i].action]++
	}
	return own, number
}

// decide returns the action for a record. The caller locks mu.
func (d *deduplicator) decide(r *record, own *claim) action {
	if r.key == noKey {
		return forward
	}
	if r.holder != nil && r.holder.taken { // though it may be forgotten by now
		return drop
	}
	holder := d.inFlight[r.key]
	switch {
	case holder == own:
		return drop
	case holder != nil:
		r.holder = holder
		return wait
	case d.seen.has(r.key):
		return drop
	}
	d.inFlight[r.key] = own
	own.keys = append(own.keys, r.key)
	return forward
}

// forward hands ld on, stores what was taken and settles its claim, even when the next consumer panics: the
// server may recover, and other requests wait for the claim.
func (d *deduplicator) forward(ctx context.Context, ld plog.Logs, own *claim) (err error) {
	taken := false
	defer func() { d.settle(ctx, own, taken) }()
	err = d.next.ConsumeLogs(ctx, ld)
	if taken = err == nil; taken {
		d.store(ctx, own.keys)
	}
	return err
}

// settle ends a claim: it remembers its keys if they were taken, frees them if not,
// and wakes the requests that wait for it.
func (d *deduplicator) settle(ctx context.Context, own *claim, taken bool) {
	forgotten := 0
	d.mu.Lock()
	now := d.now()
	d.seen.expire(now)
	for _, k := range own.keys {
		delete(d.inFlight, k)
		if taken && d.seen.put(k, now) {
			forgotten++
		}
	}
	own.taken = taken
	close(own.settled)
	d.mu.Unlock()
	d.count.forgotten(ctx, forgotten)
}

// remembered returns how many events are remembered now.
func (d *deduplicator) remembered() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen.expire(d.now())
	return d.seen.n
}

// now returns the seconds since start, by the monotonic clock.
func (d *deduplicator) now() uint32 { return uint32(time.Since(d.start) / time.Second) }

// seconds rounds up: a window is never shorter than configured.
func seconds(window time.Duration) uint32 {
	return uint32((window + time.Second - 1) / time.Second)
}

// none stands for the pending events of a request without any. Nobody writes to it.
var none = plog.NewLogs()

// withPending returns the error of a request that still has pending events. If err
// names the part to retry, they are added to that part: otherwise a sender that
// repeats only the part would lose them.
func withPending(err error, pending plog.Logs) error {
	var partial consumererror.Logs
	if pending.LogRecordCount() == 0 || !errors.As(err, &partial) {
		return err
	}
	failed := plog.NewLogs()
	partial.Data().CopyTo(failed)
	pending.ResourceLogs().MoveAndAppendTo(failed.ResourceLogs())
	return consumererror.NewLogs(err, failed)
}
