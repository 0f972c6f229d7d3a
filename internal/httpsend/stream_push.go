package httpsend

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v7"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// push delivers a request of a stream's queue. It retries by itself, as
// retry_on_failure says: exporterhelper's retry sleeps where new credentials cannot
// wake it. It returns an error only where the events are given up, or at the shutdown:
// then exporterhelper, whose retry comes next, ends that and keeps on disk what is there.
func (s *stream) push(ctx context.Context, r *payload.Request) error {
	<-s.ready
	defer s.account.sending(r)()
	retry := s.logs.Retry
	wait := backoff.ExponentialBackOff{
		InitialInterval: retry.InitialInterval, RandomizationFactor: retry.RandomizationFactor,
		Multiplier: retry.Multiplier, MaxInterval: retry.MaxInterval,
	}
	first := time.Now()
	for {
		now := s.era.Load()
		if s.gone.Load() {
			s.forget(r)
			s.account.discard(r.ItemsCount())
			return nil
		}
		err := s.attempt(ctx, now, r)
		if err == nil {
			s.account.works()
			return nil
		}
		r = r.OnError(err).(*payload.Request)
		if now.Err() != nil { // that was why
			continue
		}
		why := refusalOf(err)
		d := max(wait.NextBackOff(), why.after)
		if !retry.Enabled || retry.MaxElapsedTime > 0 && time.Since(first)+d > retry.MaxElapsedTime {
			s.forget(r)
			s.logs.Drops.Add(managed.ReasonGivenUp, r.ItemsCount(), err)
			return consumererror.NewPermanent(err)
		}
		s.account.fails(why, time.Now().Add(d))
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-now.changed:
			wait.Reset()
		case <-s.ended:
			timer.Stop()
			return err
		}
		timer.Stop()
	}
}

// attempt sends a request once, unless the era ends first.
func (s *stream) attempt(ctx context.Context, now *era, r *payload.Request) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(now, cancel)()
	return s.logs.push(ctx, r)
}

// forget leaves r out of what a shutdown tries once more.
func (s *stream) forget(r *payload.Request) {
	if s.logs.waiting != nil {
		s.logs.waiting.took(r)
	}
}

// refusalOf returns the refusal in err, or one that stands for it.
func refusalOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return &refusal{error: err, outcome: Retry}
}

// health is that of a stream whose events wait for this.
func (r *refusal) health() managed.Health {
	if r.outcome == Hold {
		return managed.Held
	}
	return managed.Retrying
}

// shutdownRetry is the retry that exporterhelper makes of a stream's pushes. Push
// returns an error that is not permanent only once the shutdown has begun, which ends
// the wait at once. So it is long enough to be reached by the shutdown.
var shutdownRetry = configretry.BackOffConfig{
	Enabled: true, InitialInterval: time.Minute, MaxInterval: time.Minute, Multiplier: 1,
}
