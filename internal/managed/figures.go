package managed

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Reasons for which events of a stream are dropped.
const (
	ReasonDisabled     = "disabled"     // the stream is off
	ReasonDuplicate    = "duplicate"    // the event went through before
	ReasonGivenUp      = "given_up"     // retry_on_failure tries no longer
	ReasonNoStream     = "no_stream"    // the stream was deleted, or there was none
	ReasonRejected     = "rejected"     // the destination refuses the event
	ReasonTooLarge     = "too_large"    // the destination takes no event of this size
	ReasonTooOld       = "too_old"      // the destination takes no event of this age
	ReasonUnredactable = "unredactable" // nobody can say what it holds
)

// Reasons lists every reason.
var Reasons = []string{
	ReasonDisabled, ReasonDuplicate, ReasonGivenUp, ReasonNoStream, ReasonRejected, ReasonTooLarge, ReasonTooOld, ReasonUnredactable,
}

// Figures say what has become of a stream's events since the start. They add up:
// received = delivered + waiting + dropped. An event that was refused for now is not
// received. All methods are safe for concurrent use.
type Figures struct {
	since     time.Time
	received  atomic.Int64
	delivered atomic.Int64
	dropped   map[string]*atomic.Int64 // by reason; the map never changes
	last      atomic.Int64             // when events were last delivered, Unix nanoseconds
	arrived   atomic.Int64             // when events were last received, Unix nanoseconds

	mu     sync.Mutex
	state  state
	oldest func() time.Time // nil: no exporter
}

// state is what the exporter tells of the stream.
type state struct {
	health Health
	next   time.Time
	failed *Failure
}

// Health is how the delivery of a stream goes, whether it is on or off.
type Health string

// The healths of a stream.
const (
	OK       Health = "ok"       // what comes is delivered
	Idle     Health = "idle"     // nothing waits, and nothing has come for idleAfter
	Retrying Health = "retrying" // the destination does not answer, or is overloaded
	Held     Health = "held"     // the destination refuses the credentials, the address or the events
	Full     Health = "full"     // the stream's queue takes no more, and the sender is told so
)

// idleAfter is the time without an event after which a stream is idle.
const idleAfter = time.Hour

// Failure is why events wait.
type Failure struct {
	At   time.Time
	Code int    // HTTP status, 0 where no answer came
	Text string // in the destination's words; it holds no secret
}

// NewFigures returns figures that begin now.
func NewFigures() *Figures {
	f := &Figures{since: time.Now(), dropped: make(map[string]*atomic.Int64, len(Reasons)), state: state{health: OK}}
	for _, reason := range Reasons {
		f.dropped[reason] = new(atomic.Int64)
	}
	return f
}

// Received counts events that were accepted, or waited in the queue at the start.
func (f *Figures) Received(events int) {
	f.received.Add(int64(events))
	f.arrived.Store(time.Now().UnixNano())
}

// Refused takes back Received, for events that were refused for now after all.
func (f *Figures) Refused(events int) { f.received.Add(int64(-events)) }

// Delivered counts events that the destination took.
func (f *Figures) Delivered(events int) {
	f.delivered.Add(int64(events))
	f.last.Store(time.Now().UnixNano())
}

// Dropped counts received events that will never be delivered. Reason is one of
// Reasons.
func (f *Figures) Dropped(reason string, events int) { f.dropped[reason].Add(int64(events)) }

// Serve makes the function known that returns the time of the oldest waiting event: the
// event's own, which outlives a restart. It is called only while events wait.
func (f *Figures) Serve(oldest func() time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.oldest = oldest
}

// Works notes that delivery goes on. It forgets the last failure.
func (f *Figures) Works() { f.set(state{health: OK}) }

// Fails notes why events wait, and when they are tried again. Health is Retrying,
// Held or Full.
func (f *Figures) Fails(h Health, why Failure, next time.Time) {
	f.set(state{health: h, next: next, failed: &why})
}

func (f *Figures) set(s state) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = s
}

// Snapshot is the figures of one moment.
type Snapshot struct {
	Since                        time.Time
	Received, Delivered, Waiting int64
	Dropped                      map[string]int64 // by reason, without zeros
	LastArrival                  time.Time        // zero: none
	LastDelivery                 time.Time        // zero: none
	Oldest                       time.Time        // the oldest event's own time; zero: none waits
	Health                       Health
	LastError                    *Failure  // nil once delivery works
	NextAttempt                  time.Time // zero: nothing waits for it
}

// Snapshot returns the figures of this moment.
func (f *Figures) Snapshot() Snapshot {
	// What is finished is read first: the other order could show less than 0 waiting.
	s := Snapshot{Since: f.since, Dropped: map[string]int64{}, Delivered: f.delivered.Load()}
	finished := s.Delivered
	for _, reason := range slices.Sorted(maps.Keys(f.dropped)) {
		if n := f.dropped[reason].Load(); n > 0 {
			s.Dropped[reason] = n
			finished += n
		}
	}
	// What is finished had been received, even if it was not counted: a start delivers events
	// before it has found out how many there are.
	s.Received = max(f.received.Load(), finished)
	s.Waiting = s.Received - finished
	if arrived := f.arrived.Load(); arrived > 0 {
		s.LastArrival = time.Unix(0, arrived)
	}
	if last := f.last.Load(); last > 0 {
		s.LastDelivery = time.Unix(0, last)
	}
	f.mu.Lock()
	s.Health, s.LastError, s.NextAttempt = f.state.health, f.state.failed, f.state.next
	oldest := f.oldest
	f.mu.Unlock()
	// Without the lock: whoever calls Fails can hold what oldest waits for.
	if s.Waiting > 0 && oldest != nil {
		s.Oldest = oldest()
	}
	if s.Health == OK && s.Waiting == 0 && time.Since(time.Unix(0, f.arrived.Load())) > idleAfter {
		s.Health = Idle
	}
	return s
}
