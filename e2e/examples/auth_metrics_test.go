//go:build e2e

package examples

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestAuthMetrics promises: every event is counted once, though many requests come at a time and the
// events' times are in no order, and no label tells of a user.
func TestAuthMetrics(t *testing.T) {
	r := newRig(t, nil, "auth-metrics/collector.yaml")
	port := harness.Port(t)
	r.options.Env["PROMETHEUS_PORT"] = port
	r.start()
	load := &harness.Load{Sender: r.sender, Ledger: r.ledger, Workers: 8, Batch: 10, Total: 4000}
	load.Start().Wait()
	events := testdata.Recent(time.Now().Add(-time.Hour))
	r.push(events)
	r.push(events) // a retry

	const loadProject = "project-live-00000000-0000-4000-8000-000000000001"
	want := map[string]int{"stytch_events_total|" + loadProject + "|AuthenticatePassword|Success|200": 4000}
	total := 4000
	for _, event := range events {
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(event.JSON), &fields), event.Name)
		text := func(field string) (s string) {
			json.Unmarshal(fields[field], &s) //nolint:errcheck // "" for what is no string
			return s
		}
		total++
		if text("event_id") == "" { // nothing tells the retry
			total++
		}
		if strings.HasPrefix(event.Name, "fingerprint-") {
			want["stytch_verdicts_total|"+text("project_id")+"|"+text("verdict_action")]++
		}
		if strings.HasPrefix(event.Name, "delivery-") {
			want["stytch_deliveries_total|"+text("project_id")+"|"+text("action")+"|"+text("message_status")]++
		}
	}
	got := map[string]int{}
	for _, line := range sample.FindAllStringSubmatch(scrape(t, "http://localhost:"+port+"/metrics"), -1) {
		labels := map[string]string{}
		for _, l := range label.FindAllStringSubmatch(line[2], -1) {
			labels[l[1]] = l[2]
			require.Contains(t, permitted, l[1], line[0])
		}
		value, err := strconv.Atoi(line[3])
		require.NoError(t, err)
		key := []string{line[1]}
		for _, name := range counted[line[1]] {
			key = append(key, labels[name])
		}
		got[strings.Join(key, "|")] += value
		if line[1] == "stytch_events_total" {
			total -= value
		}
	}
	require.Zero(t, total, "events that were not counted, or counted twice: %v", got)
	for key, value := range want {
		require.Equal(t, value, got[key], key)
	}
}

var (
	sample = regexp.MustCompile(`(?m)^(stytch_\w+)\{(.*)\} (\d+)$`)
	label  = regexp.MustCompile(`(\w+)="([^"]*)"`)

	counted = map[string][]string{
		"stytch_events_total":     {"stytch_project_id", "stytch_action", "stytch_status", "http_response_status_code"},
		"stytch_verdicts_total":   {"stytch_project_id", "stytch_verdict_action"},
		"stytch_deliveries_total": {"stytch_project_id", "stytch_action", "stytch_message_status"},
	}
	permitted = []string{
		"stytch_project_id", "stytch_action", "stytch_status", "http_response_status_code", "stytch_verdict_action",
		"stytch_message_status", "job", "otel_scope_name", "otel_scope_version", "otel_scope_schema_url",
	}
)

func scrape(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(content)
}
