package stytchreceiver

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const webhookPath = "/webhooks/stytch"

func withWebhook(cfg *Config) {
	cfg.Webhook = configoptional.Some(WebhookConfig{Path: webhookPath, Secrets: []configopaque.String{vectorSecret}, MaxBodySize: defaultMaxWebhookSize})
}

// postWebhook signs and sends a body; change makes it something else.
func (r *running) postWebhook(body string, change func(http.Header)) (*http.Response, string) {
	r.Helper()
	key, err := standardwebhooks.NewWebhook(vectorSecret)
	require.NoError(r, err)
	header := sign(r, key, "msg_1", time.Now(), body)
	if change != nil {
		change(header)
	}
	var pairs []string
	for name, values := range header {
		pairs = append(pairs, name, values[0])
	}
	return r.post(webhookPath, body, pairs...)
}

func TestWebhook(t *testing.T) {
	r := start(t, nil, withWebhook)
	for _, webhook := range testdata.Webhooks() {
		r.sink.Reset()
		resp, answer := r.postWebhook(webhook.JSON, nil)
		require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
		require.Empty(t, answer)
		require.Equal(t, []string{webhook.JSON}, bodies(r.sink))
		lr := r.sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		require.Equal(t, webhook.Name, lr.EventName())
		id, _ := lr.Attributes().Get("stytch.webhook_id")
		require.Equal(t, "msg_1", id.Str())
		require.WithinDuration(t, webhook.Time, lr.Timestamp().AsTime(), time.Second)
		require.NotEqual(t, pcommon.Timestamp(0), lr.ObservedTimestamp())
	}
	r.sink.Reset()
	resp, _ := r.postWebhook("\n {\"a\":1} \n", nil)
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	require.Equal(t, []string{`{"a":1}`}, bodies(r.sink))
}

func TestWebhookRefusals(t *testing.T) {
	r := start(t, nil, withWebhook)
	const forged = `{"error":"no signature is one of this body and a secret of webhook::secrets"}` + "\n"
	for name, tc := range map[string]struct {
		body   string
		change func(http.Header)
		code   int
		answer string
	}{
		"no headers":     {"{}", func(h http.Header) { clear(h) }, 401, `{"error":"want the headers svix-id, svix-timestamp and svix-signature"}` + "\n"},
		"forged":         {"{}", set("webhook-signature", vectorSignature), 401, forged},
		"another id":     {"{}", set("webhook-id", "msg_2"), 401, forged},
		"old":            {"{}", set("webhook-timestamp", vectorTimestamp), 401, `{"error":"svix-timestamp: more than 5m0s ago"}` + "\n"},
		"compressed":     {zip("{}"), set("Content-Encoding", "gzip"), 400, `{"error":"Content-Encoding \"gzip\" is not supported: want no such header, for webhooks are not compressed"}` + "\n"},
		"signed nothing": {"", nil, 400, `{"error":"invalid JSON at byte 0: want an object"}` + "\n"},
		"signed text":    {"hello", nil, 400, `{"error":"invalid JSON at byte 0: want an object"}` + "\n"},
		"signed array":   {"[{}]", nil, 400, `{"error":"invalid JSON at byte 0: want an object"}` + "\n"},
		"signed two":     {"{}\n{}", nil, 400, `{"error":"invalid JSON at byte 3: text after the object"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, answer := r.postWebhook(tc.body, tc.change)
			require.Equal(t, tc.code, resp.StatusCode)
			require.Equal(t, tc.answer, answer)
			require.Empty(t, r.sink.AllLogs())
		})
	}
	r.requireCounts("otelcol_receiver_stytch_refused_requests",
		metricdata.DataPoint[int64]{Value: 4, Attributes: refusedAttr("webhook", "signature")},
		metricdata.DataPoint[int64]{Value: 4, Attributes: refusedAttr("webhook", "malformed")},
		metricdata.DataPoint[int64]{Value: 1, Attributes: refusedAttr("webhook", "encoding")})
	for _, entry := range r.logs.All() {
		require.NotContains(t, entry.Message, strings.TrimPrefix(vectorSecret, "whsec_"))
	}
}

// A body that nobody signed is not even read.
func TestUnsignedBodyIsNotRead(t *testing.T) {
	r := start(t, nil, func(cfg *Config) { withWebhook(cfg); cfg.HTTP.MaxRequestBodySize = 10 })
	resp, _ := r.postWebhook(strings.Repeat(" ", 100), func(h http.Header) { clear(h) })
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	resp, _ = r.postWebhook(strings.Repeat(" ", 100), nil)
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
}

// A stranger's webhook takes none of the memory that all protocols share: while it is
// all in use, a forged one is refused for its signature, and only a genuine one waits.
func TestForgedWebhooksTakeNoSharedMemory(t *testing.T) {
	rcv, routes := handler(t, withWebhook)
	shared := rcv.budget.records
	require.True(t, shared.room.TryAcquire(shared.size))
	key, err := standardwebhooks.NewWebhook(vectorSecret)
	require.NoError(t, err)
	for body, want := range map[string]int{"{}": http.StatusServiceUnavailable, `{"forged":1}`: http.StatusUnauthorized} {
		req := httptest.NewRequest(http.MethodPost, webhookPath, strings.NewReader(body))
		maps.Copy(req.Header, sign(t, key, "msg_1", time.Now(), "{}"))
		rec := httptest.NewRecorder()
		routes.ServeHTTP(rec, req)
		require.Equal(t, want, rec.Code, "%s: %s", body, rec.Body)
	}
}
