package httpsend

import (
	"context"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
)

// after returns when to try a record again: at random within a half of the
// interval to one and a half, so that no pattern of a balancer meets the same
// records for ever.
func (q *quarantine) after(now time.Time) time.Time {
	spacing := q.sender.spacing()
	return now.Add(spacing/2 + rand.N(spacing)) //nolint:gosec // it decides nothing that is secret
}

// spacing is the mean time between two attempts with a record in quarantine.
func (s *Sender) spacing() time.Duration { return max(s.HoldFor/2, time.Millisecond) }

func (q *quarantine) loop() {
	free := make(chan struct{}, attemptsAtOnce)
	for {
		x, wait := q.due(time.Now())
		if x != nil {
			free <- struct{}{}
			q.run.Go(func() {
				q.try(q.ctx, x)
				<-free
			})
			if !q.sleep(attemptGap, nil) {
				return
			}
			continue
		}
		if !q.sleep(wait, q.wake) {
			return
		}
	}
}

// sleep waits, and returns false at the end.
func (q *quarantine) sleep(d time.Duration, wake <-chan struct{}) bool {
	select {
	case <-q.end:
		return false
	case <-wake:
	case <-time.After(d):
	}
	return true
}

// due returns the record that has been due for longest, marked as busy, or the time
// to wait for one.
func (q *quarantine) due(now time.Time) (first *quarantined, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for x := range q.records {
		if !x.busy && (first == nil || x.next.Before(first.next)) {
			first = x
		}
	}
	switch {
	case first == nil:
		return nil, q.sender.HoldFor + time.Second
	case q.paused.After(now):
		return nil, q.paused.Sub(now)
	case first.next.After(now):
		return nil, first.next.Sub(now)
	}
	first.busy = true
	return first, 0
}

// try sends a record once more, and concludes from the outcome.
func (q *quarantine) try(ctx context.Context, x *quarantined) {
	if x.gone {
		q.conclude(x, Delivered, nil)
		return
	}
	r, err := q.filter(x.request)
	switch {
	case err != nil:
		q.conclude(x, Retry, err)
		return
	case r.ItemsCount() == 0: // too old by now
		q.conclude(x, Delivered, nil)
		return
	}
	outcome, err := q.sender.again(ctx, r, q.done)
	q.conclude(x, outcome, err)
}

// conclude takes note of the outcome of an attempt.
func (q *quarantine) conclude(x *quarantined, outcome Outcome, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	x.busy, x.next = false, q.after(now)
	switch outcome {
	case Delivered:
		q.remove(x)
	case Retry, Hold: // the destination takes nothing now
		q.paused = now.Add(q.sender.spacing())
	default:
		if q.sender.health.doubtful() {
			q.paused = now.Add(q.sender.spacing())
		}
		accepts, enough := q.sender.health.dropRule()
		if accepts == x.accepts || outcome == Split && x.request.BytesSize() < smallest {
			break
		}
		x.accepts = accepts
		x.rejections++
		if x.rejections >= enough && now.Sub(x.since) >= 2*q.sender.HoldFor {
			q.sender.Drops.Add(outcome.reason(), 1, err)
			q.remove(x)
		}
	}
	q.changed(err)
}

// remove forgets a record. Where its copy on disk cannot be deleted, it stays and the
// deletion is tried again.
func (q *quarantine) remove(x *quarantined) {
	q.slots.take(x.slot)
	if err := q.slots.commit(); err != nil {
		if !x.gone {
			q.logger.Warn("The storage refuses to delete an event from the quarantine, which is tried until it does; a restart before that delivers it again", zap.Error(err))
		}
		x.gone = true
		return
	}
	q.forget(x)
}
