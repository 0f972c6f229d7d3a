package httpsend

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/config/configretry"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// lastAttempts bounds what a shutdown spends on further attempts, beside those
// that the queue makes: supervisors kill after 10 to 30 s.
const lastAttempts = 10 * time.Second

// waiting knows the requests of a queue in memory that wait in exporterhelper for
// their next attempt. exporterhelper gives them up at a shutdown; finish sends them.
type waiting struct {
	retry configretry.BackOffConfig

	mu       sync.Mutex
	requests map[*payload.Request]time.Time // of their first attempt
}

// took notes that a request is tried, and returns the time of its first attempt.
func (w *waiting) took(r *payload.Request) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, again := w.requests[r]
	if !again {
		return time.Now()
	}
	delete(w.requests, r)
	return first
}

// failed notes a request that will be tried again.
func (w *waiting) failed(rest *payload.Request, first time.Time) {
	if !w.retry.Enabled {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests == nil {
		w.requests = map[*payload.Request]time.Time{}
	}
	w.requests[rest] = first
	for r, first := range w.requests { // exporterhelper has dropped and logged these
		if limit := w.retry.MaxElapsedTime; limit > 0 && time.Since(first) > limit {
			delete(w.requests, r)
		}
	}
}

// finish sends the waiting requests once more, and returns how many of their records
// were delivered and how many were not. The queue is empty by now, and no other push
// is under way.
func (w *waiting) finish(ctx context.Context, push func(context.Context, *payload.Request) error) (delivered, lost int, err error) {
	var mu sync.Mutex
	var attempts sync.WaitGroup
	for r := range w.requests { // no more than the queue has consumers
		attempts.Go(func() {
			left, failure := 0, push(ctx, r)
			if failure != nil {
				left = r.OnError(failure).ItemsCount()
			}
			mu.Lock()
			defer mu.Unlock()
			delivered += r.ItemsCount() - left
			if lost += left; left > 0 {
				err = failure
			}
		})
	}
	attempts.Wait()
	w.requests = nil
	return delivered, lost, err
}

// finish sends each record once more, and returns how many were not delivered.
func (q *quarantine) finish(ctx context.Context) (lost int, err error) {
	free := make(chan struct{}, attemptsAtOnce)
	for _, x := range slices.Collect(maps.Keys(q.records)) {
		free <- struct{}{}
		q.run.Go(func() {
			q.try(ctx, x)
			<-free
		})
	}
	q.run.Wait()
	return len(q.records), q.sender.status.words
}
