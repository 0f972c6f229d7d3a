package load

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Result is what a run has sent.
type Result struct {
	Range
	Began, Ended time.Time // Ended when the last acknowledgement was there
	Acknowledged int       // requests
	Refused      int       // answers that asked to try again
	// Sent is when each request of the range was sent, in nanoseconds since the epoch, or, at a
	// fixed rate, when its turn was: what waits for a free connection waits for the receiver.
	// 0 where it was not acknowledged.
	Sent []int64
}

// Events is how many events were acknowledged.
func (r *Result) Events() int { return r.Acknowledged * r.pool.Batch }

// Join is the result of this run, which may be nil, and of one that sent the requests after it.
func (r *Result) Join(next *Result) *Result {
	if r == nil {
		return next
	}
	return &Result{
		Range: Range{r.pool, r.First, next.End},
		Began: r.Began, Ended: next.Ended,
		Acknowledged: r.Acknowledged + next.Acknowledged,
		Refused:      r.Refused + next.Refused,
		Sent:         append(r.Sent, next.Sent...),
	}
}

// Saturate sends the requests over so many connections, each as soon as the one before it was
// acknowledged, until all are sent or the time is over.
func Saturate(ctx context.Context, address string, requests Range, connections int, limit time.Duration) (*Result, error) {
	return run(ctx, address, requests, connections, func(ctx context.Context, began time.Time, turns chan<- turn) {
		ctx, cancel := context.WithDeadline(ctx, began.Add(limit))
		defer cancel()
		for r := requests.First; r < requests.End; r++ {
			select {
			case turns <- turn{request: r}:
			case <-ctx.Done():
				return
			}
		}
	})
}

// Pace sends so many events a second, whatever the receiver does, until all requests are sent or
// the time is over.
func Pace(ctx context.Context, address string, requests Range, connections, rate int, limit time.Duration) (*Result, error) {
	interval := time.Duration(requests.pool.Batch) * time.Second / time.Duration(rate)
	return run(ctx, address, requests, connections, func(ctx context.Context, began time.Time, turns chan<- turn) {
		for r := requests.First; r < requests.End; r++ {
			at := began.Add(time.Duration(r-requests.First) * interval)
			if time.Since(began) > limit {
				return // far behind its time
			}
			if wait := time.Until(at); wait > 0 {
				time.Sleep(wait)
			}
			select {
			case turns <- turn{r, at.UnixNano()}:
			case <-ctx.Done():
				return
			}
		}
	})
}

// turn is a request to send, at its time if it has one.
type turn struct {
	request int
	at      int64
}

// run sends what schedule gives out.
func run(ctx context.Context, address string, requests Range, connections int,
	schedule func(ctx context.Context, began time.Time, turns chan<- turn),
) (*Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	result := &Result{Range: requests, Sent: make([]int64, requests.End-requests.First)}
	var acknowledged, refused atomic.Int64
	turns := make(chan turn, 2*connections) // a connection need not wait for the scheduler to wake
	var sending sync.WaitGroup
	for range connections {
		c, err := dial(address)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		sending.Go(func() {
			for t := range turns {
				if t.at == 0 {
					t.at = time.Now().UnixNano()
				}
				again, err := c.push(requests.pool.requests[t.request])
				refused.Add(int64(again))
				if err != nil {
					cancel(err)
					return
				}
				result.Sent[t.request-requests.First] = t.at
				acknowledged.Add(1)
			}
		})
	}
	result.Began = time.Now()
	schedule(ctx, result.Began, turns)
	close(turns)
	sending.Wait()
	result.Ended = time.Now()
	result.Acknowledged, result.Refused = int(acknowledged.Load()), int(refused.Load())
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	return result, nil
}
