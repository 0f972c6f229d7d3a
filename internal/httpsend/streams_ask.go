package httpsend

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// askTimeout bounds a check and a test, with all that they wait for.
const askTimeout = 10 * time.Second

// asked is a managed.Exporter: it asks a destination past every queue, and what the
// answer means has no consequence for a stream.
type asked struct{ f *streams }

// Destination implements managed.Exporter.
func (a *asked) Destination() managed.Destination { return a.f.Destination }

// Check implements managed.Exporter.
func (a *asked) Check(ctx context.Context, c managed.Credentials) managed.Answer {
	return a.ask(ctx, c, "the destination takes these credentials", func(ctx context.Context, s *Sender, _ *Backend) (int, error) {
		return a.f.Check(ctx, s, c)
	})
}

// Test implements managed.Exporter.
func (a *asked) Test(ctx context.Context, of *managed.Stream, event string) managed.Answer {
	return a.ask(ctx, of.Credentials, "the destination took the event", func(ctx context.Context, s *Sender, b *Backend) (code int, err error) {
		s.Observe = func(_ context.Context, x Attempt) { code = x.Code }
		var p payload.Payload
		if _, err := payload.NewCursor(b.Encode(a.f.Event(event))).NextPayload(&p, 0, 1); err != nil {
			return 0, err
		}
		result, err := s.post(ctx, s.Client, &p, 1)
		if result.Outcome == Delivered && len(result.Lost) == 0 {
			return code, nil
		}
		return code, err
	})
}

func (a *asked) ask(ctx context.Context, c managed.Credentials, fine string, do func(context.Context, *Sender, *Backend) (int, error)) managed.Answer {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	defer context.AfterFunc(a.f.running, cancel)()
	quiet := zap.NewNop()
	b := a.f.Backend(quiet, NewDrops(quiet, func(string, int) {}))
	var err error
	if b.Target, err = a.f.Target(c); err != nil {
		return managed.Answer{Text: err.Error()}
	}
	s := b.senderWith(a.f.client, a.f.fresh, a.f.set.BuildInfo, func(*componentstatus.Event) {})
	s.hosts, s.diagnosis.logger = &a.f.hosts, quiet
	s.Observe = func(context.Context, Attempt) {}
	began := time.Now()
	code, err := do(ctx, s, &b)
	answer := managed.Answer{OK: err == nil, Code: code, Took: time.Since(began)}
	switch {
	case err == nil:
		answer.Text = fine
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		answer.Text = "no answer in time"
	default:
		answer.Text = refusalOf(err).Error()
	}
	return answer
}
