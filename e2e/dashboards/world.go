package dashboards

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/realloki"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// World is what the dashboards look at: the built collector between a sender, a stand-in for Datadog
// and a real Loki, and a real Prometheus that scrapes it.
type World struct {
	Loki, Prometheus Source
	// Request is the request_id of a call whose start and end are in Loki.
	Request string

	started   time.Time    // of the Prometheus
	live      [2]time.Time // begin and end of Live
	day       time.Time    // the end of the day in Loki
	directory string
	sender    harness.Sender
	metrics   string // the URL of the collector's own
	datadog   *standin.Datadog
	closers   []func()
}

const pushed = 200 // events in a push

const webhookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// Start starts everything and fills Loki with the events of a day. Close it.
func Start(ctx context.Context) (_ *World, err error) {
	w := &World{datadog: standin.NewDatadog("0123456789abcdef0123456789abcdef")}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	if w.directory, err = os.MkdirTemp("", "dashboards"); err != nil {
		return nil, err
	}
	w.closers = append(w.closers, func() { os.RemoveAll(w.directory) })
	loki, err := realloki.New(w.directory)
	if err != nil {
		return nil, err
	}
	if err := loki.Start(ctx); err != nil {
		return nil, err
	}
	w.closers = append(w.closers, loki.Kill)
	w.Loki = Source{API: loki.URL + "/loki/api/v1", Tenant: "dashboards"}
	target, err := w.startCollector(ctx, loki.URL)
	if err != nil {
		return nil, err
	}
	prometheus, err := startPrometheus(ctx, w.directory, target)
	if err != nil {
		return nil, err
	}
	w.closers = append(w.closers, prometheus.kill)
	w.Prometheus, w.started = Source{API: prometheus.api}, time.Now()
	return w, w.fill(ctx)
}

// startCollector returns where its metrics are.
func (w *World) startCollector(ctx context.Context, lokiURL string) (target string, err error) {
	w.datadog.Refuse = refusePoison
	url, err := w.datadog.Start("127.0.0.1:0")
	if err != nil {
		return "", err
	}
	w.closers = append(w.closers, func() { w.datadog.Close() })
	var ports [2]string
	for i := range ports {
		if ports[i], err = harness.FreePort(); err != nil {
			return "", err
		}
	}
	address := "127.0.0.1:" + ports[0]
	w.sender = harness.Sender{URL: "http://" + address, Username: "stytch", Password: "s3cret"}
	collector, err := harness.Launch(ctx, harness.Options{
		Configs: []string{harness.Path("e2e/dashboards/collector.yaml")}, Receiver: address,
		Env: map[string]string{
			"LISTEN": address, "METRICS_PORT": ports[1], "QUEUE_DIRECTORY": filepath.Join(w.directory, "queue"),
			"STYTCH_USERNAME": w.sender.Username, "STYTCH_PASSWORD": w.sender.Password, "WEBHOOK_SECRET": webhookSecret,
			"DATADOG_URL": url, "DD_API_KEY": w.datadog.APIKey, "LOKI_URL": lokiURL,
		},
	})
	if err != nil {
		return "", err
	}
	w.closers = append(w.closers, func() { collector.Stop() }) //nolint:errcheck // what it was started for is done
	w.metrics = "http://localhost:" + ports[1] + "/metrics"
	return "localhost:" + ports[1], nil
}

// fill pushes a day's events and waits until Loki shows the last.
func (w *World) fill(ctx context.Context) error {
	w.day = time.Now().Add(-time.Minute)
	events := Day(w.day, 0)
	for len(events) > 0 {
		n := min(pushed, len(events))
		if err := until(ctx, func(ctx context.Context) error { return w.push(ctx, events[:n]) }); err != nil {
			return err
		}
		if n == len(events) {
			return w.stored(ctx, events[n-1].JSON)
		}
		events = events[n:]
	}
	return nil
}

// push is refused while a queue is full.
func (w *World) push(ctx context.Context, events []testdata.Event) error {
	reply, err := w.sender.LokiPush(ctx, events)
	if err == nil && reply.Status != http.StatusNoContent {
		err = fmt.Errorf("pushing: %d %s", reply.Status, reply.Body)
	}
	return err
}

// stored waits until Loki shows an event, and notes a request of two events.
func (w *World) stored(ctx context.Context, event string) error {
	return until(ctx, func(ctx context.Context) error {
		series, err := w.Loki.Run(ctx, Target{Expr: `{source="stytch"}`, QueryType: "range"}, w.Events(), nil)
		if err != nil {
			return err
		}
		for _, one := range series {
			found, seen := false, map[string]bool{}
			for _, line := range one.Lines {
				found = found || line.Text == event
				if id := requestID.FindString(line.Text); seen[id] {
					w.Request = id
				} else {
					seen[id] = true
				}
			}
			if found {
				return nil
			}
		}
		return errors.New("the last event is not in Loki yet")
	})
}

// Events is the day that Loki has.
func (w *World) Events() Span {
	return Span{From: w.day.Add(-24 * time.Hour), To: w.day.Add(2 * time.Minute), Step: 20 * time.Minute}
}

// Life is the time of Live, as Prometheus has seen it: it scrapes for the first time after 5 s.
func (w *World) Life() Span {
	from := w.started.Add(6 * time.Second)
	if w.live[0].After(from) {
		from = w.live[0]
	}
	from = from.Truncate(scrapeInterval)
	length := w.live[1].Truncate(scrapeInterval).Sub(from)
	return Span{From: from, To: from.Add(length), Step: max(scrapeInterval, (length / 60).Round(scrapeInterval)), Rate: 8 * scrapeInterval}
}

// Close stops everything.
func (w *World) Close() {
	for len(w.closers) > 0 {
		last := len(w.closers) - 1
		w.closers[last]()
		w.closers = w.closers[:last]
	}
}
