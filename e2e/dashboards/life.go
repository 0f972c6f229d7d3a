package dashboards

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

var requestID = regexp.MustCompile(`request-id-live-[0-9a-f-]+`)

const poison = "poison" // an event with this text is refused by Datadog

func refusePoison(event string) int {
	if strings.Contains(event, poison) {
		return http.StatusBadRequest
	}
	return 0
}

// Live sends to the collector for a time at least, what it should take and what it should not, while Datadog
// is down for a quarter of it: each of its metrics is to be seen at work.
func (w *World) Live(ctx context.Context, length time.Duration) error {
	begin := time.Now()
	var events []testdata.Event // yet to be sent
	defer w.datadog.SetFault(nil)
	const pace = 100 * time.Millisecond
	turns := int(length / pace) // all of them, however long a busy machine takes
	for n := range turns {
		share := float64(n) / float64(turns)
		w.datadog.SetFault(fault(share, n))
		burst := 4 + n%5
		if share > 0.65 && share < 0.8 {
			burst *= 4
		}
		if len(events) < burst {
			events = Day(begin, uint64(n)+1)
		}
		if err := w.turn(ctx, n, events[:burst]); err != nil {
			return err
		}
		events = events[burst:]
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pace):
		}
	}
	w.live = [2]time.Time{begin, time.Now()}
	return nil
}

// fault is what Datadog does.
func fault(share float64, turn int) standin.Fault {
	switch {
	case share > 0.3 && share < 0.55:
		return func(*http.Request, int) *standin.Answer {
			return &standin.Answer{Status: http.StatusServiceUnavailable}
		}
	case turn == 30:
		return func(*http.Request, int) *standin.Answer {
			return &standin.Answer{Status: http.StatusRequestEntityTooLarge}
		}
	default:
		return func(_ *http.Request, n int) *standin.Answer {
			return &standin.Answer{Delay: time.Duration(20+n*37%60) * time.Millisecond}
		}
	}
}

// turn sends some events, and now and then what is refused.
func (w *World) turn(ctx context.Context, n int, events []testdata.Event) error {
	now := time.Now()
	for i, event := range events {
		events[i] = event.At(now.Add(time.Duration(i) * time.Microsecond))
	}
	stranger := w.sender
	stranger.Password = "guessed"
	post := func(send func() (harness.Reply, error)) error { _, err := send(); return err }
	steps := []struct {
		every int
		send  func() (harness.Reply, error)
	}{
		{1, func() (harness.Reply, error) { return w.sender.LokiPush(ctx, events) }},
		{3, func() (harness.Reply, error) { return w.sender.NDJSON(ctx, events) }}, // duplicates
		{4, func() (harness.Reply, error) {
			return w.sender.Webhook(ctx, webhookSecret, "msg_"+now.Format("150405.000"), testdata.Webhooks()[0].At(now))
		}},
		{9, func() (harness.Reply, error) { return stranger.LokiPush(ctx, events) }},
		{13, func() (harness.Reply, error) {
			return w.sender.Webhook(ctx, "whsec_b3RoZXI=", "msg_other", testdata.Webhooks()[0])
		}},
		{17, func() (harness.Reply, error) {
			return w.sender.Post(ctx, harness.EventsPath, []byte(`{"event_id":`), http.Header{"Content-Type": {"application/json"}})
		}},
		{19, func() (harness.Reply, error) {
			return w.sender.LokiPush(ctx, []testdata.Event{{JSON: "a line of " + now.String(), Time: now}})
		}},
		{60, func() (harness.Reply, error) {
			return w.sender.LokiPush(ctx, []testdata.Event{
				{JSON: `{"at":"` + now.String() + `","event_id":"` + poison + now.String() + `"}`, Time: now},
				{JSON: `{"late":"` + now.String() + `"}`, Time: now.Add(-20 * time.Hour)},
				{JSON: `{"at":"` + now.String() + `","filler":"` + strings.Repeat("x", 1_100_000) + `"}`, Time: now},
			})
		}},
	}
	for _, step := range steps {
		if n%step.every == step.every-1 {
			if err := post(step.send); err != nil {
				return err
			}
		}
	}
	return nil
}
