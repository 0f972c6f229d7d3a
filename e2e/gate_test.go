//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestGate switches one destination off: its events are acknowledged and dropped, the other gets all.
func TestGate(t *testing.T) {
	const overlay = `
processors:
  stytch/off: {enabled: false}
service:
  pipelines:
`
	for _, c := range []struct {
		name              string
		overlay           string
		inLoki, inDatadog int
	}{
		{"Loki off", overlay + `    logs/loki: {processors: [stytch/off]}`, 0, 50},
		{"Datadog off", overlay + `    logs/datadog: {processors: [stytch/off]}`, 50, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.overlay)
			events := testdata.Mixed(50, time.Now())
			reply, err := w.sender.LokiPush(t.Context(), events)
			require.NoError(t, err)
			require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
			require.Equal(t, 50, w.counter("otelcol_processor_stytch_dropped_events"))
			w.settle(c.inLoki, c.inDatadog)
			if c.inLoki > 0 {
				requireInLoki(t, w.loki, events, sentTime)
			} else {
				requireInDatadog(t, w.datadog, events)
			}
		})
	}
}
