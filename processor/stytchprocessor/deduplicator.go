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
)

// deduplicator hands each event on once. An event is a duplicate only of one
// that the next consumer has taken: what it refuses may come again.
//
// A request claims its new events, hands them on and settles the claim with the
// answer. Events that another request has claimed it sets aside until that one
// has settled: by then they are duplicates, or else free to claim. It waits only
// when its own claims are settled, so that no two requests wait for each other.
type deduplicator struct {
	next  consumer.Logs
	count *counters
	seeds seeds
	start time.Time

	mu       sync.Mutex
	seen     memory
	inFlight map[key]*claim
}

// claim is what one request hands on at one time.
type claim struct {
	keys    []key
	settled chan struct{}
	taken   bool // by the next consumer; read it after settled is closed, or under mu
}

func newDeduplicator(cfg DeduplicateConfig, count *counters, next consumer.Logs) *deduplicator {
	return &deduplicator{
		next: next, count: count, seeds: newSeeds(), start: time.Now(),
		seen:     memory{window: seconds(cfg.Window), limit: cfg.MaxEvents},
		inFlight: map[key]*claim{},
	}
}

func (d *deduplicator) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

// ConsumeLogs returns nil when the next consumer has taken each event of ld, from
// this request or from another one.
func (d *deduplicator) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	list := d.seeds.records(ld)
	duplicates := 0
	for {
		own, number := d.claim(list)
		aside := none
		if number[wait] > 0 {
			aside = plog.NewLogs()
			ld.CopyTo(aside)
			keep(aside, list, wait)
		}
		if number[forward] > 0 {
			if number[forward] < len(list) {
				keep(ld, list, forward)
			}
			if err := d.forward(ctx, ld, own); err != nil {
				return withAside(err, aside)
			}
		}
		duplicates += number[drop]
		if number[wait] == 0 {
			d.count.duplicates(ctx, duplicates)
			return nil
		}
		ld, list = aside, slices.DeleteFunc(list, func(r record) bool { return r.action != wait })
		select {
		case <-list[0].holder.settled:
		case <-ctx.Done():
			return fmt.Errorf("waiting for another request that holds the same event: %w", context.Cause(ctx))
		}
	}
}

// claim decides on each record, and claims those to forward. It tells how many
// there are of each action.
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

// decide is called under mu.
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

// forward hands ld on and settles its claim, even when the next consumer panics:
// a server above us may go on, and others wait.
func (d *deduplicator) forward(ctx context.Context, ld plog.Logs, own *claim) (err error) {
	taken := false
	defer func() { d.settle(ctx, own, taken) }()
	err = d.next.ConsumeLogs(ctx, ld)
	taken = err == nil
	return err
}

// settle remembers what was taken, frees what was not, and wakes who waits.
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

// remembered is how many events a duplicate would be told by now.
func (d *deduplicator) remembered() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen.expire(d.now())
	return d.seen.n
}

// now is the second since the start. It is monotonic: setting the clock has no
// effect.
func (d *deduplicator) now() uint32 { return uint32(time.Since(d.start) / time.Second) }

// seconds rounds up, so that a window is never shorter than was asked for.
func seconds(window time.Duration) uint32 {
	return uint32((window + time.Second - 1) / time.Second)
}

// none is what most requests set aside. Nobody writes to it.
var none = plog.NewLogs()

// withAside returns the error of a request that still has events set aside. Where
// it names the part to retry they belong to it: who sends only that part again
// would lose them.
func withAside(err error, aside plog.Logs) error {
	var partial consumererror.Logs
	if aside.LogRecordCount() == 0 || !errors.As(err, &partial) {
		return err
	}
	failed := plog.NewLogs()
	partial.Data().CopyTo(failed)
	aside.ResourceLogs().MoveAndAppendTo(failed.ResourceLogs())
	return consumererror.NewLogs(err, failed)
}
