//go:build e2e_loki

package dashboards

import (
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stillZero are queries of what does not happen here: a damaged disk, a pipeline that refuses for
// good, a queue that gives up. They return series that stay at 0.
var stillZero = map[string]bool{
	"Queue damage, A": true, "Queue damage, B": true, "Deduplication, C": true, "Events taken and refused, C": true, "Handed over, and given up by the queue, B": true,
}

// Every query of the Grafana dashboards returns data: those of the events from a real Loki, those of
// the collector from a real Prometheus, both filled through the built collector. What is not in
// stillZero returns a value that is not 0.
func TestQueries(t *testing.T) {
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Skip("NOT RUN: there is no Prometheus; `make e2e-dashboards` installs it where it may")
	}
	w, err := Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(w.Close)
	t.Run("events", func(t *testing.T) {
		t.Parallel()
		requireData(t, w.Loki, EventsFile, w.Events(), map[string]string{"filter": "", "request_id": w.Request})
	})
	t.Run("collector", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, w.Live(t.Context(), 25*time.Second))
		requireData(t, w.Prometheus, CollectorFile, w.Life(), map[string]string{"instance": ".*"})
		requireMetrics(t, w.Prometheus, w.Life())
		requireAlerts(t, w.Prometheus)
		requireUnderscores(t, w.metrics)
	})
}

func requireData(t *testing.T, source Source, file string, span Span, variables map[string]string) {
	t.Helper()
	dashboard, err := Read(file)
	require.NoError(t, err)
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			series, err := source.Run(t.Context(), target, span, variables)
			query := panel.Title + ", " + target.RefID
			name := query + ": " + target.Expr
			require.NoError(t, err, name)
			if !assert.NotEmpty(t, series, name) {
				continue
			}
			assert.True(t, stillZero[query] || moves(series), "%s: nothing but 0", name)
			for _, label := range placeholder.FindAllStringSubmatch(target.LegendFormat, -1) {
				has := func(one Series) bool { return one.Labels[label[1]] != "" }
				assert.True(t, slices.ContainsFunc(series, has), "%s: no series has a %s", name, label[1])
			}
		}
	}
}

// moves tells whether any value is not 0; a line of a log is one.
func moves(series []Series) bool {
	for _, one := range series {
		if len(one.Lines) > 0 {
			return true
		}
		for _, point := range one.Points {
			if point.Value != 0 {
				return true
			}
		}
	}
	return false
}

// requireMetrics looks for each metric of the alert rules: a rule on one that does not exist is quiet
// for ever.
func requireMetrics(t *testing.T, source Source, span Span) {
	t.Helper()
	for _, r := range rules(t) {
		selectors := metricPattern.FindAllString(r.Expr, -1)
		for _, name := range metricName.FindAllString(metricPattern.ReplaceAllString(r.Expr, ""), -1) {
			selectors = append(selectors, `__name__="`+name+`"`)
		}
		for _, selector := range selectors {
			series, err := source.Run(t.Context(), Target{Expr: "count({" + selector + "})", Instant: true}, span, nil)
			require.NoError(t, err)
			require.NotEmpty(t, series, "%s: there is no metric with %s", r.Alert, selector)
		}
	}
}

// requireAlerts holds Prometheus to what the rules make of the collector's life: events were dropped,
// which is told at once; other faults have to last for minutes, and are noticed.
func requireAlerts(t *testing.T, source Source) {
	t.Helper()
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError, State string }
			}
		}
	}
	get(t, source.API+"/rules", &answer)
	states := map[string]string{}
	for _, group := range answer.Data.Groups {
		for _, r := range group.Rules {
			require.Equal(t, "ok", r.Health, "%s: %s", r.Name, r.LastError)
			states[r.Name] = r.State
		}
	}
	require.Len(t, states, len(rules(t)))
	for name, state := range map[string]string{
		"StytchEventsDropped": "firing", "StytchSenderRefused": "pending", "StytchSignatureFails": "pending", "StytchDeduplicationTooSmall": "pending",
		"StytchCollectorDown": "inactive", "StytchQueueDamaged": "inactive", "StytchKeyRefused": "inactive",
	} {
		require.Equal(t, state, states[name], name)
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.NoError(t, json.NewDecoder(answer.Body).Decode(into))
}

// requireUnderscores holds the collector to the names that the queries use, and to what the documents
// say of a Prometheus that asks for others.
func requireUnderscores(t *testing.T, metrics string) {
	t.Helper()
	for accept, label := range map[string]string{
		"text/plain;version=0.0.4":                                "http_response_status_code=",   // Prometheus 2
		"text/plain;version=1.0.0;escaping=underscores,*/*;q=0.2": "http_response_status_code=",   // 3 with legacy names
		"text/plain;version=1.0.0;escaping=allow-utf-8,*/*;q=0.2": `"http.response.status_code"=`, // 3 by itself
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, metrics, nil)
		require.NoError(t, err)
		request.Header.Set("Accept", accept)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		content, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		answer.Body.Close()
		require.Contains(t, string(content), "otelcol_receiver_stytch_requests{"+label, accept)
	}
}
