//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestDatadogKeepsWhatAWrongKeyRefuses revokes the key, pushes, and mends it:
// everything arrives once, and the metrics tell of both.
func TestDatadogKeepsWhatAWrongKeyRefuses(t *testing.T) {
	w := newWorld(t, "exporters: {datadog_logs: {retry_on_failure: {initial_interval: 10ms, max_interval: 50ms}}}")
	w.datadog.SetFault(func(*http.Request, int) *standin.Answer { return &standin.Answer{Status: http.StatusForbidden} })
	events := testdata.Recent(time.Now())
	reply, err := w.sender.Array(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, reply.Status, reply.Body)
	require.Eventually(t, func() bool { return w.datadog.Requests(standin.DatadogLogsPath) > 3 }, 20*time.Second, 20*time.Millisecond)
	require.Zero(t, w.counter("otelcol_exporter_datadog_logs_delivered_bytes"))

	w.datadog.SetFault(nil)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Positive(c, w.counter("otelcol_exporter_datadog_logs_delivered_bytes"))
	}, 20*time.Second, 50*time.Millisecond)
	require.Zero(t, w.counter("otelcol_exporter_datadog_logs_dropped_events"))
	w.settle(len(events), len(events))
	requireInDatadog(t, w.datadog, events)
}
