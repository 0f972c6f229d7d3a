//go:build e2e

package faults

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// TestAnswers promises: whatever a destination answers, or does instead of answering, what was
// acknowledged waits and arrives once the destination is well again; once, unless the destination
// kept what it did not acknowledge.
func TestAnswers(t *testing.T) {
	r := newRig(t)
	retryAfter := http.Header{"Retry-After": {"1"}}
	for _, c := range []struct {
		name    string
		loki    standin.Answer
		datadog standin.Answer
	}{
		{"401", standin.Answer{Status: 401}, standin.Answer{Status: 401}},
		{"403", standin.Answer{Status: 403}, standin.Answer{Status: 403}},
		{"404", standin.Answer{Status: 404}, standin.Answer{Status: 404}},
		{"408", standin.Answer{Status: 408}, standin.Answer{Status: 408}},
		{"429 with Retry-After", standin.Answer{Status: 429, Header: retryAfter}, standin.Answer{Status: 429, Header: retryAfter}},
		{"500", standin.Answer{Status: 500}, standin.Answer{Status: 500}},
		{"503", standin.Answer{Status: 503}, standin.Answer{Status: 503}},
		{"260 of Loki, which stores nothing", standin.Answer{Status: 260}, standin.Answer{Status: 502}},
		{"reset", standin.Answer{Abort: true}, standin.Answer{Abort: true}},
		{"slow", standin.Answer{Delay: 500 * time.Millisecond}, standin.Answer{Delay: 500 * time.Millisecond}},
		{"too slow", standin.Answer{Delay: time.Hour}, standin.Answer{Delay: time.Hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := r.within(t)
			loki, datadog := r.loki.Requests(standin.LokiPushPath), r.datadog.Requests(standin.DatadogLogsPath)
			r.loki.SetFault(func(*http.Request, int) *standin.Answer { return &c.loki })
			r.datadog.SetFault(func(*http.Request, int) *standin.Answer { return &c.datadog })
			r.push(100)
			r.until("a request at both", func() bool {
				return r.loki.Requests(standin.LokiPushPath) > loki && r.datadog.Requests(standin.DatadogLogsPath) > datadog
			})
			if c.loki.Status != 0 || c.loki.Abort || c.loki.Delay > time.Minute {
				r.until("a second attempt at both", func() bool {
					return r.loki.Requests(standin.LokiPushPath) >= loki+2 && r.datadog.Requests(standin.DatadogLogsPath) >= datadog+2
				})
				require.Equal(t, 100, r.ledger.Missing(r.loki))
				require.Equal(t, 100, r.ledger.Missing(r.datadog))
			}
			r.both(nil)
			r.until("arrival", func() bool { return r.ledger.MissingAnywhere() == 0 })
		})
	}
	for at, account := range r.everythingArrives() {
		require.Zero(t, account.SenderRepeats+account.CollectorRepeats, at)
	}
}

// TestStoredButNotAcknowledged promises: where a destination keeps a request and its answer is
// lost, the request is sent again. Nothing is lost; what comes twice is what was in those requests.
func TestStoredButNotAcknowledged(t *testing.T) {
	r := newRig(t)
	for _, lost := range []standin.Answer{{Abort: true, Stored: true}, {Status: 502, Stored: true}} {
		r.both(func(_ *http.Request, n int) *standin.Answer {
			if n%2 == 0 {
				return nil
			}
			return &lost
		})
		r.push(200)
		r.until("arrival", func() bool { return r.ledger.MissingAnywhere() == 0 })
	}
	for at, account := range r.everythingArrives() {
		require.Positive(t, account.CollectorRepeats, at)
	}
}

// TestOneEventIsRefused promises: an event that a destination never takes, too large or refused,
// costs that event and no other. It is dropped, after it was refused again and again while others
// were accepted, counted with its reason, and logged once.
func TestOneEventIsRefused(t *testing.T) {
	for _, c := range []struct {
		status int
		reason string
	}{{http.StatusRequestEntityTooLarge, "too_large"}, {http.StatusBadRequest, "rejected"}, {http.StatusUnprocessableEntity, "rejected"}} {
		t.Run(strconv.Itoa(c.status), func(t *testing.T) {
			r := newRig(t)
			r.both(func(request *http.Request, _ int) *standin.Answer {
				if request.ContentLength > 20_000 {
					return &standin.Answer{Status: c.status, Body: "no"}
				}
				return nil
			})
			r.ledger.Padding = 70_000
			r.ledger.Only = 77 // carries the padding, the others do not
			r.push(200)
			r.until("arrival of the others", func() bool {
				return r.ledger.Missing(r.loki) == 1 && r.ledger.Missing(r.datadog) == 1
			})
			dropped := func(exporter string) int {
				return r.counter(fmt.Sprintf(`otelcol_exporter_%s_dropped_events{reason="%s"`, exporter, c.reason))
			}
			for _, exporter := range []string{"loki", "datadog_logs"} {
				r.until("the quarantine", func() bool { return r.counter("otelcol_exporter_"+exporter+"_quarantined_events") == 1 })
				require.Zero(t, dropped(exporter), "not at once")
			}
			load := r.load(100)
			r.until("the drop", func() bool { return dropped("loki") == 1 && dropped("datadog_logs") == 1 })
			load.Stop()
			r.until("arrival of the others", func() bool {
				return r.ledger.Missing(r.loki) == 1 && r.ledger.Missing(r.datadog) == 1
			})
			for _, exporter := range []string{"loki", "datadog_logs"} {
				r.until("an empty quarantine", func() bool { return r.counter("otelcol_exporter_"+exporter+"_quarantined_events") == 0 })
			}
			r.collector.Stop()
			for _, at := range r.all {
				account := r.ledger.Account(at)
				require.Equal(t, []int{77}, account.Lost)
				require.Zero(t, account.SenderRepeats+account.CollectorRepeats)
			}
			require.Equal(t, 2, strings.Count(r.collector.Output(), "Dropped events"))
			require.Equal(t, 2, strings.Count(r.collector.Output(), "The destination refuses events: they are in quarantine"), "once for each destination")
		})
	}
}
