//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestWebhooks posts every kind of webhook, signed by either of two secrets, and forged ones: the
// former arrive at both destinations byte for byte, the latter nowhere.
func TestWebhooks(t *testing.T) {
	const old, current, wrong = "whsec_b2xkLXNlY3JldC1vZi10aGUtdGVzdA==", "whsec_bmV3LXNlY3JldC1vZi10aGUtdGVzdA==", "whsec_d3Jvbmctc2VjcmV0"
	w := newWorld(t, "receivers: {stytch: {webhook: {secrets: [\""+old+"\", \""+current+"\"]}}}")
	webhooks := testdata.Webhooks()
	for i, webhook := range webhooks {
		webhooks[i] = webhook.At(time.Now())
		reply, err := w.sender.Webhook(t.Context(), []string{old, current}[i%2], "msg_"+webhook.Name, webhooks[i])
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, reply.Status, reply.Body)
		reply, err = w.sender.Webhook(t.Context(), wrong, "msg_"+webhook.Name, webhook)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, reply.Status, reply.Body)
	}
	require.Equal(t, len(webhooks), w.counter("otelcol_receiver_stytch_refused_requests"))
	w.settle(len(webhooks), len(webhooks))
	var want, lines []string
	for _, webhook := range webhooks {
		want = append(want, webhook.JSON)
	}
	for _, entry := range w.loki.Entries() {
		lines = append(lines, entry.Line)
	}
	require.ElementsMatch(t, want, lines)
}
