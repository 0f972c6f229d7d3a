//go:build e2e

package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestDiagnosisAtTheReceiver makes what goes wrong most often, with the log and the metrics as they
// are by default: within ten seconds the log names it and what to do, and its counter, which was there
// at 0, has risen.
func TestDiagnosisAtTheReceiver(t *testing.T) {
	const rotated, current = "whsec_b2xkLXNlY3JldC1vZi10aGUtdGVzdA==", "whsec_bmV3LXNlY3JldC1vZi10aGUtdGVzdA=="
	for name, tc := range map[string]struct {
		status int
		send   func(w *world) (harness.Reply, error)
		reason string
		line   []string // that the log has: parts of one line
		secret string   // that it has not
	}{
		"wrong password": {
			status: http.StatusUnauthorized, reason: `protocol="loki_push",reason="auth"`,
			send: func(w *world) (harness.Reply, error) {
				sender := w.sender
				sender.Password = "not-the-passw0rd"
				return sender.LokiPush(t.Context(), testdata.Mixed(1, time.Now()))
			},
			line:   []string{`"protocol": "loki_push"`, `"reason": "auth"`, "compare the sender's credentials with those of `http::auth`", `"sender": "127.0.0.1:`},
			secret: "not-the-passw0rd",
		},
		"webhook secret rotated": {
			status: http.StatusUnauthorized, reason: `protocol="webhook",reason="signature"`,
			send: func(w *world) (harness.Reply, error) {
				return w.sender.Webhook(t.Context(), rotated, "msg_1", testdata.Webhooks()[0])
			},
			line:   []string{`"protocol": "webhook"`, `"reason": "signature"`, "compare `webhook::secrets` with the endpoint's signing secret in Stytch's dashboard"},
			secret: strings.TrimPrefix(current, "whsec_"),
		},
		"full queue": {
			status: http.StatusServiceUnavailable, reason: `protocol="events",reason="unavailable"`,
			send: func(w *world) (harness.Reply, error) {
				w.loki.SetFault(func(*http.Request, int) *standin.Answer {
					return &standin.Answer{Status: http.StatusServiceUnavailable}
				})
				return w.sender.Array(t.Context(), testdata.Mixed(20, time.Now()))
			},
			line: []string{`"protocol": "events"`, `"reason": "unavailable"`, "queue is full", "see why a destination is slow or down, or give its `sending_queue` more room"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, "examples/gateway/collector.yaml", `
receivers: {stytch: {webhook: {secrets: ["`+current+`"]}}}
exporters:
  datadog_logs: {endpoint: "${env:DATADOG_URL}"}
  loki: {hostname: "", username: "", password: "", endpoint: "${env:LOKI_URL}", sending_queue: {queue_size: 10, batch: {min_size: 5, max_size: 5}}}
`)
			requireSeries(t, w.metrics, tc.reason, "0")
			begin := time.Now()
			reply, err := tc.send(w)
			require.NoError(t, err)
			require.Equal(t, tc.status, reply.Status, reply.Body)
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				require.True(c, lineWith(w.collector.Output(), append(tc.line, "warn", "Refused requests")...), w.collector.Output())
			}, 10*time.Second, 20*time.Millisecond)
			requireSeries(t, w.metrics, tc.reason, "1")
			require.Less(t, time.Since(begin), 10*time.Second)
			if tc.secret != "" {
				require.NotContains(t, w.collector.Output(), tc.secret)
			}
		})
	}
}

// TestUnsetCredentialsAreNamed promises: where the variables of the receiver's credentials are not set,
// and so anyone could push, the start does not go on and says which key it is.
func TestUnsetCredentialsAreNamed(t *testing.T) {
	command, err := harness.Command(map[string]string{
		"LISTEN": "127.0.0.1:" + harness.Port(t), "METRICS_PORT": harness.Port(t), "HEALTH_PORT": harness.Port(t), "QUEUE_DIRECTORY": t.TempDir(),
		"DD_API_KEY": "0123456789abcdef0123456789abcdef", "LOKI_HOSTNAME": "logs.invalid", "LOKI_USERNAME": "1", "LOKI_PASSWORD": "token",
	}, "--config", harness.Path("examples/gateway/collector.yaml"))
	require.NoError(t, err)
	output, err := command.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), `receivers::stytch::http::auth: the extension "basicauth/stytch" lets an empty user name with an empty password in: set the variables of its credentials`)
}

// lineWith tells whether one line of the output has all of the parts.
func lineWith(output string, parts ...string) bool {
	for line := range strings.Lines(output) {
		found := true
		for _, part := range parts {
			found = found && strings.Contains(line, part)
		}
		if found {
			return true
		}
	}
	return false
}

// requireSeries finds a series of the refused requests with a value.
func requireSeries(t *testing.T, metrics, labels, value string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := http.Get(metrics)
		require.NoError(c, err)
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		require.NoError(c, err)
		found := false
		for line := range strings.Lines(string(content)) {
			found = found || strings.HasPrefix(line, "otelcol_receiver_stytch_refused_requests{") &&
				strings.Contains(line, labels) && strings.HasSuffix(strings.TrimSpace(line), " "+value)
		}
		require.True(c, found, "%s %s in %s", labels, value, content)
	}, 10*time.Second, 50*time.Millisecond)
}
