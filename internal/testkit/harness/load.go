package harness

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Load pushes the events of a ledger at a receiver as Stytch does: each request is sent until it is
// acknowledged.
type Load struct {
	Sender  Sender
	Ledger  *Ledger
	Workers int           // requests at a time
	Batch   int           // events a request
	Rate    int           // events a second; 0: as fast as they are taken
	Total   int           // events; 0: until Stop
	Pause   time.Duration // between a refusal and the next attempt, instead of what Retry-After asks; 0: 100 ms

	stop    chan struct{}
	workers sync.WaitGroup
	once    sync.Once

	mu         sync.Mutex
	left       int
	next       time.Time // when the next request is due
	statuses   map[int]int
	unforgiven []string // answers that a sender must not get
}

// Start begins to push. It returns l.
func (l *Load) Start() *Load {
	l.stop, l.statuses, l.left = make(chan struct{}), map[int]int{}, l.Total
	if l.Pause == 0 {
		l.Pause = 100 * time.Millisecond
	}
	for range max(1, l.Workers) {
		l.workers.Go(l.work)
	}
	return l
}

// Wait returns when Total events are acknowledged.
func (l *Load) Wait() { l.workers.Wait() }

// Stop lets each request on its way end, acknowledged or not, and begins no further attempt.
func (l *Load) Stop() {
	l.once.Do(func() { close(l.stop) })
	l.workers.Wait()
}

// Statuses counts the answers by status; 0 stands for no answer.
func (l *Load) Statuses() map[int]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	statuses := map[int]int{}
	for status, times := range l.statuses {
		statuses[status] = times
	}
	return statuses
}

// Wrong returns the answers that no sender should get: neither 2xx, nor 503 with a Retry-After, nor
// none at all.
func (l *Load) Wrong() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.unforgiven...)
}

func (l *Load) work() {
	for {
		size, due := l.turn()
		if size == 0 || !l.sleep(time.Until(due)) {
			return
		}
		first := l.Ledger.next(size)
		events := make([]testdata.Event, size)
		for i := range events {
			events[i] = l.Ledger.Event(first + i)
		}
		for !l.push(first, events) {
			if !l.sleep(l.Pause) {
				return
			}
		}
	}
}

// turn returns how many events the next request has, and when it is due.
func (l *Load) turn() (size int, due time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size = l.Batch
	if l.Total > 0 {
		size = min(size, l.left)
		l.left -= size
	}
	if l.Rate > 0 {
		// What was missed while a request waited is not made up for: a load, not a flood.
		if now := time.Now(); l.next.Before(now) {
			l.next = now
		}
		due = l.next
		l.next = l.next.Add(time.Duration(size) * time.Second / time.Duration(l.Rate))
	}
	return size, due
}

// push sends the events once and tells whether they were acknowledged.
func (l *Load) push(first int, events []testdata.Event) bool {
	l.Ledger.attempted(first, len(events))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	reply, _ := l.Sender.LokiPush(ctx, events) // without an answer the status is 0
	acknowledged := reply.Status >= 200 && reply.Status <= 299
	l.mu.Lock()
	l.statuses[reply.Status]++
	refused := reply.Status == http.StatusServiceUnavailable && reply.Header.Get("Retry-After") != ""
	if reply.Status != 0 && !acknowledged && !refused {
		l.unforgiven = append(l.unforgiven, http.StatusText(reply.Status)+": "+reply.Body)
	}
	l.mu.Unlock()
	if acknowledged { // by its status line, whatever became of the rest
		l.Ledger.acknowledged(first, len(events))
	}
	return acknowledged
}

// sleep waits, and tells whether to go on.
func (l *Load) sleep(d time.Duration) bool {
	if d <= 0 {
		select {
		case <-l.stop:
			return false
		default:
			return true
		}
	}
	select {
	case <-l.stop:
		return false
	case <-time.After(d):
		return true
	}
}
