package stytchreceiver

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A wait is the time that a request spends in the pipelines. They run on the request's
// own goroutine and get the wait as their context. It ends at the deadline, when the
// sender leaves, and when the receiver stops. If the pipelines have not returned some
// time after that, the request is answered while they go on.
type wait struct {
	context.Context // of the pipelines
	deadline        time.Time
	grace           time.Duration // from the end of the context to the early answer
	request         earlyAnswerer

	cancel   context.CancelFunc
	mu       sync.Mutex
	cause    error         // why the context was ended
	over     bool          // the pipelines have returned, or the request was answered early
	answered bool          // the request was answered early
	sent     chan struct{} // closed once the early answer is sent
}

// An earlyAnswerer answers a request whose handler has not returned.
type earlyAnswerer interface{ answerEarly(cause error) }

var (
	errAnswered = errors.New("has been answered")
	errLate     = errors.New("the pipelines did not take the events in time")
	errEnding   = errors.New("the collector stops")
)

// defaultWriteTimeout is used where http::write_timeout is 0.
const defaultWriteTimeout = 60 * time.Second

// patienceOf returns how long the pipelines may take, from the end of a request's
// header, and the grace after that. A tenth of http::write_timeout, at most 5 s, is
// left for the grace and the answer.
func patienceOf(writeTimeout time.Duration) (patience, grace time.Duration) {
	if writeTimeout <= 0 {
		writeTimeout = defaultWriteTimeout
	}
	rest := min(5*time.Second, writeTimeout/10)
	return writeTimeout - rest, min(time.Second, rest/2)
}

// Deadline is a context's. Some pipelines return early if no time is left for another
// attempt.
func (w *wait) Deadline() (time.Time, bool) { return w.deadline, true }

// begin starts w, which is a context from then on. The timer is that of all.
func (w *wait) begin(ctx context.Context, all *waits) {
	w.Context, w.cancel = context.WithCancel(ctx)
	all.add(w)
}

// end is called once the pipelines have returned; a further call does nothing. After
// it cause and answered do not change.
func (w *wait) end(all *waits) {
	all.remove(w)
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.cancel()
	if w.answered {
		<-w.sent // until then the connection is in use
	}
	w.request = nil // a queue in memory keeps w
}

// stop ends the context. It answers the request after the grace, unless the pipelines
// return before.
func (w *wait) stop(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || w.cause != nil {
		return
	}
	w.cause = cause
	w.cancel()
	time.AfterFunc(w.grace, func() { w.answer(cause) })
}

// answer answers the request, unless it is over. It holds no lock meanwhile: the
// sender may read slowly.
func (w *wait) answer(cause error) {
	w.mu.Lock()
	over := w.over
	if !over {
		w.over, w.answered, w.sent = true, true, make(chan struct{})
	}
	w.mu.Unlock()
	if !over {
		defer close(w.sent)
		w.request.answerEarly(cause)
	}
}

// waits holds the waits of all requests. They share one timer, which is set about as often
// as a deadline passes, not for each request.
type waits struct {
	mu    sync.Mutex
	all   map[*wait]struct{}
	timer *time.Timer
	next  time.Time // when the timer fires; zero if it is not set
	ended bool
}

func (ws *waits) add(w *wait) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all = map[*wait]struct{}{}
	}
	ws.all[w] = struct{}{}
	switch {
	case ws.ended:
		w.stop(errEnding)
	case ws.next.IsZero() || w.deadline.Before(ws.next):
		ws.set(w.deadline)
	}
}

func (ws *waits) remove(w *wait) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
}

// set sets the timer.
func (ws *waits) set(at time.Time) {
	ws.next = at
	if ws.timer == nil {
		ws.timer = time.AfterFunc(time.Until(at), ws.expire)
	} else {
		ws.timer.Reset(time.Until(at))
	}
}

// expire stops the waits whose deadline has come, and sets the timer for the others.
func (ws *waits) expire() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.next = time.Time{}
	now := time.Now()
	for w := range ws.all {
		if !w.deadline.After(now) {
			w.stop(errLate)
		} else if ws.next.IsZero() || w.deadline.Before(ws.next) {
			ws.next = w.deadline
		}
	}
	if !ws.next.IsZero() && !ws.ended {
		ws.set(ws.next)
	}
}

// end stops all waits, and those that are added later.
func (ws *waits) end() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.ended = true
	if ws.timer != nil {
		ws.timer.Stop()
	}
	for w := range ws.all {
		w.stop(errEnding)
	}
}
