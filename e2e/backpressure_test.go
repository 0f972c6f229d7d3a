//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestMemoryLimiter lets the collector be out of memory all the time: each protocol answers 503 and says
// when to come again, and nothing is taken.
func TestMemoryLimiter(t *testing.T) {
	const secret = "whsec_b2xkLXNlY3JldC1vZi10aGUtdGVzdA=="
	w := newWorld(t, `
receivers: {stytch: {webhook: {secrets: ["`+secret+`"]}}}
processors: {memory_limiter: {check_interval: 10ms, limit_mib: 1}}
service:
  pipelines:
    logs/datadog: {processors: [memory_limiter, stytch/datadog]}
    logs/loki: {processors: [memory_limiter, stytch/loki]}
`)
	events := testdata.Mixed(1, time.Now())
	for protocol, send := range map[string]func() (harness.Reply, error){
		"loki_push": func() (harness.Reply, error) { return w.sender.LokiPush(t.Context(), events) },
		"events":    func() (harness.Reply, error) { return w.sender.Array(t.Context(), events) },
		"webhook":   func() (harness.Reply, error) { return w.sender.Webhook(t.Context(), secret, "msg_1", events[0]) },
	} {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			reply, err := send()
			require.NoError(c, err)
			require.Equal(c, http.StatusServiceUnavailable, reply.Status, "%s: %s", protocol, reply.Body)
			require.NotEmpty(c, reply.Header.Get("Retry-After"))
			require.Contains(c, reply.Body, "high memory usage")
		}, 20*time.Second, 50*time.Millisecond, protocol)
	}
}
