//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const componentStatus = "--feature-gates=+extension.healthcheck.useComponentStatus"

// TestHealthOfTheGateway asks the gateway example's health_check, once as it is and once with
// component status. A refused key shows only in the latter, and makes no probe fail: a restart would
// not help.
func TestHealthOfTheGateway(t *testing.T) {
	for name, arguments := range map[string][]string{"plain": nil, "component status": {componentStatus}} {
		t.Run(name, func(t *testing.T) {
			w := worldToCome(t, "examples/gateway/collector.yaml", toStandins)
			w.options.Arguments = arguments
			w.collector = harness.Start(t, w.options)
			w.datadog.SetFault(func(*http.Request, int) *standin.Answer { return &standin.Answer{Status: http.StatusForbidden} })
			reply, err := w.sender.LokiPush(t.Context(), testdata.Recent(time.Now()))
			require.NoError(t, err)
			require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
			require.Eventually(t, func() bool { return w.loki.Received() > 0 }, 20*time.Second, 20*time.Millisecond)

			require.EventuallyWithT(t, func(c *assert.CollectT) {
				answer, err := http.Get("http://localhost:" + w.options.Env["HEALTH_PORT"] + "/?verbose")
				require.NoError(c, err)
				defer answer.Body.Close()
				require.Equal(c, http.StatusOK, answer.StatusCode)
				var health struct {
					Status     string
					Components map[string]struct {
						Components map[string]struct{ Status, Error string }
					}
				}
				require.NoError(c, json.NewDecoder(answer.Body).Decode(&health))
				if arguments == nil {
					require.Equal(c, "Server available", health.Status)
					return
				}
				require.Equal(c, "StatusRecoverableError", health.Status)
				datadog := health.Components["pipeline:logs/datadog"].Components["exporter:datadog_logs"]
				require.Equal(c, "StatusRecoverableError", datadog.Status)
				require.Contains(c, datadog.Error, "403")
				require.Equal(c, "StatusOK", health.Components["pipeline:logs/loki"].Components["exporter:loki"].Status)
			}, 20*time.Second, 50*time.Millisecond)
		})
	}
}
