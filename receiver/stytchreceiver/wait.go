package stytchreceiver

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A wait is a request that is with the pipelines. They run on the request's own
// goroutine, which costs nothing, and get a context that ends at the deadline,
// when the sender leaves and when the receiver stops. Should they not heed it,
// the request is answered from beside them.
type wait struct {
	context.Context // of the pipelines
	deadline        time.Time
	heed            time.Duration // how long the pipelines have to return after that
	beside          answerer

	cancel context.CancelFunc
	place  int // among waits.all, or -1
	mu     sync.Mutex
	cut    error         // why the context was ended
	over   bool          // the pipelines have answered, or the sender was
	told   bool          // the sender was
	sent   chan struct{} // closed when it has its answer
}

// An answerer refuses a request in place of its goroutine.
type answerer interface{ refuseBeside(cause error) }

var (
	errAnswered = errors.New("has been answered")
	errLate     = errors.New("the pipelines did not take the events in time")
	errEnding   = errors.New("the collector stops")
)

// Deadline tells the pipelines how long there is: some give up early when no time
// is left for another attempt.
func (w *wait) Deadline() (time.Time, bool) { return w.deadline, true }

// begin readies w, which is a context from then on, for the pipelines. It has no
// timer of its own.
func (w *wait) begin(ctx context.Context, all *waits) {
	w.Context, w.cancel = context.WithCancel(ctx)
	all.add(w)
}

// end is called when the pipelines have answered, and may be called again. After it
// cut and told stay as they are.
func (w *wait) end(all *waits) {
	all.remove(w)
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.cancel()
	if w.told {
		<-w.sent // until then its connection is in use
	}
	w.beside = nil // a queue in memory keeps w
}

// stop ends the context, and answers the sender if the pipelines have not
// returned soon after.
func (w *wait) stop(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || w.cut != nil {
		return
	}
	w.cut = cause
	w.cancel()
	time.AfterFunc(w.heed, func() { w.answer(cause) })
}

// answer refuses the request, if it is not over. It may take as long as the sender
// takes to read, and holds no lock.
func (w *wait) answer(cause error) {
	w.mu.Lock()
	over := w.over
	if !over {
		w.over, w.told, w.sent = true, true, make(chan struct{})
	}
	w.mu.Unlock()
	if !over {
		defer close(w.sent)
		w.beside.refuseBeside(cause)
	}
}

// waits are all requests that are with the pipelines. One timer is for all of
// them, and is set only about as often as one of them could expire.
type waits struct {
	mu    sync.Mutex
	all   []*wait
	timer *time.Timer
	next  time.Time // when the timer fires; zero if it is not set
	ended bool
}

func (ws *waits) add(w *wait) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w.place = len(ws.all)
	ws.all = append(ws.all, w)
	switch {
	case ws.ended:
		w.stop(errEnding)
	case ws.next.IsZero() || w.deadline.Before(ws.next):
		ws.set(w.deadline)
	}
}

// remove does nothing to what has been removed.
func (ws *waits) remove(w *wait) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.place < 0 {
		return
	}
	last := len(ws.all) - 1
	ws.all[w.place] = ws.all[last]
	ws.all[w.place].place = w.place
	ws.all[last] = nil
	ws.all = ws.all[:last]
	w.place = -1
}

// set has the timer fire at a time.
func (ws *waits) set(at time.Time) {
	ws.next = at
	if ws.timer == nil {
		ws.timer = time.AfterFunc(time.Until(at), ws.expire)
	} else {
		ws.timer.Reset(time.Until(at))
	}
}

// expire stops those whose deadline has come.
func (ws *waits) expire() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.next = time.Time{}
	now := time.Now()
	for _, w := range ws.all {
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

// end stops all, and those that are yet to come.
func (ws *waits) end() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.ended = true
	if ws.timer != nil {
		ws.timer.Stop()
	}
	for _, w := range ws.all {
		w.stop(errEnding)
	}
}
