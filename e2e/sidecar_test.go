//go:build e2e

package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// toStandins points the sidecar example at the stand-ins.
const toStandins = `
exporters:
  datadog_logs: {endpoint: "${env:DATADOG_URL}"}
  loki: {hostname: "", username: "", password: "", endpoint: "${env:LOKI_URL}"}
`

// TestSidecarOutlivesACrash kills the collector while both destinations are down: what was
// acknowledged before arrives after the next start.
func TestSidecarOutlivesACrash(t *testing.T) {
	const n = 200
	w := newWorldOf(t, "examples/sidecar/collector.yaml", toStandins)
	down := func(*http.Request, int) *standin.Answer {
		return &standin.Answer{Status: http.StatusServiceUnavailable}
	}
	w.loki.SetFault(down)
	w.datadog.SetFault(down)
	events := odd(testdata.Mixed(n, time.Now()))
	for part := range slices.Chunk(events, n/4) {
		reply, err := w.sender.LokiPush(t.Context(), part)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	}
	w.collector.Kill()
	require.Zero(t, w.loki.Received())
	require.Empty(t, w.datadog.Logs())

	w.loki.SetFault(nil)
	w.datadog.SetFault(nil)
	w.collector = harness.Start(t, w.options)
	w.settle(n, n)
	requireInLoki(t, w.loki, events, sentTime)
	requireInDatadog(t, w.datadog, events)
}
