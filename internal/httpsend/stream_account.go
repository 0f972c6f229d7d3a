package httpsend

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// total is the number of events that wait in all streams of an exporter, and its bound.
type total struct {
	events      atomic.Int64
	most        int64
	quarantined atomic.Int64 // those of events that are in quarantine
}

// account counts what becomes of a stream's events, in its figures and in the total.
type account struct {
	figures      *managed.Figures
	total        *total
	inQuarantine atomic.Int64
	discarded    atomic.Int64 // dropped because the stream was deleted

	mu      sync.Mutex
	waits   *managed.Failure // why a request waits; nil: none does
	health  managed.Health   // of a stream whose request waits
	next    time.Time        // when it is tried again
	full    bool             // events were refused for want of room since the last delivery
	refused *managed.Failure // why events are in quarantine; nil: none is
	pushes  map[*push]struct{}
}

// push is a request on its way.
type push struct{ oldest time.Time }

// accept counts events that are about to be queued, and returns false where there is no
// room for them.
func (a *account) accept(events int) bool {
	if n := int64(events); a.total.events.Add(n) > a.total.most {
		a.total.events.Add(-n)
		return false
	}
	a.figures.Received(events)
	return true
}

// refuse takes back accept.
func (a *account) refuse(events int) {
	a.total.events.Add(-int64(events))
	a.figures.Refused(events)
}

// found counts events that waited at the start.
func (a *account) found(events int) {
	if events > 0 {
		a.total.events.Add(int64(events))
		a.figures.Received(events)
	}
}

// settle takes back events that wait by the figures, but for those that do.
func (a *account) settle(waiting int) {
	if missing := int(a.figures.Snapshot().Waiting) - waiting; missing > 0 {
		a.refuse(missing)
	}
}

func (a *account) delivered(events int) {
	a.total.events.Add(-int64(events))
	a.figures.Delivered(events)
}

func (a *account) dropped(reason string, events int) {
	a.total.events.Add(-int64(events))
	a.figures.Dropped(reason, events)
}

// discard counts events that are dropped because the stream was deleted.
func (a *account) discard(events int) {
	a.discarded.Add(int64(events))
	a.dropped(managed.ReasonNoStream, events)
}

// quarantined takes the number of the stream's events in quarantine, and returns that of
// all streams.
func (a *account) quarantined(events int) int {
	return int(a.total.quarantined.Add(int64(events) - a.inQuarantine.Swap(int64(events))))
}

// started forgets why the stream could not be started before.
func (a *account) started() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.show()
}

// works notes that a request was delivered.
func (a *account) works() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waits != nil || a.full {
		a.waits, a.full = nil, false
		a.show()
	}
}

// fails notes why a request waits, and until when.
func (a *account) fails(why *refusal, next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waits = &managed.Failure{At: time.Now(), Code: why.code, Text: why.Error()}
	a.health, a.next = why.health(), next
	a.show()
}

// refusedAsFull notes that events were refused for want of room.
func (a *account) refusedAsFull(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.full = true; a.waits == nil {
		a.waits, a.health = &managed.Failure{At: time.Now(), Text: err.Error()}, managed.Full
		a.next = time.Time{}
	}
	a.show()
}

// reported takes what the component's status would be of this stream alone, which tells
// of the quarantine, too.
func (a *account) reported(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused = nil; err != nil && a.inQuarantine.Load() > 0 {
		a.refused = &managed.Failure{At: time.Now(), Code: codeOf(err), Text: err.Error()}
	}
	a.show()
}

// show makes the figures show the most urgent. The caller has locked a.
func (a *account) show() {
	switch {
	case a.full:
		a.figures.Fails(managed.Full, *a.waits, a.next)
	case a.waits != nil:
		a.figures.Fails(a.health, *a.waits, a.next)
	case a.refused != nil:
		a.figures.Fails(managed.Held, *a.refused, time.Time{})
	default:
		a.figures.Works()
	}
}

// sending notes a request that is on its way until done is called.
func (a *account) sending(r *payload.Request) (done func()) {
	p := &push{time.Now()}
	if at := r.Oldest(); at > 0 && at < p.oldest.UnixNano() {
		p.oldest = time.Unix(0, at)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pushes == nil {
		a.pushes = map[*push]struct{}{}
	}
	a.pushes[p] = struct{}{}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.pushes, p)
	}
}

// oldest is the time of the oldest event that is on its way: events leave the queue in
// their order, and those that have not left it are younger.
func (a *account) oldest() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	oldest := time.Now()
	for p := range a.pushes {
		if p.oldest.Before(oldest) {
			oldest = p.oldest
		}
	}
	return oldest
}
