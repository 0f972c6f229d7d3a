package stytchreceiver

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// The first refused request of each protocol and reason is logged with what to
// do, and nothing of its body or its credentials.
func TestRefusalsAreLogged(t *testing.T) {
	r := start(t, nil, func(cfg *Config) {
		withWebhook(cfg)
		cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: authID}})
	}, oneToken{})
	for range 3 {
		r.post("/v1/events", "s3cret body", "Authorization", "Bearer s3cret token")
		r.post("/v1/events", `{"s3cret":}`, "Authorization", "Bearer good")
		r.post(lokiPath, `s3cret body`, "Authorization", "Bearer good", "Content-Type", "text/plain")
		r.postWebhook(`{"s3cret":1}`, set("webhook-signature", "v1,s3cret"))
	}
	type line struct{ protocol, reason, err string }
	var got []line
	for _, entry := range r.logs.FilterMessage("Refused requests").All() {
		require.Equal(t, zap.WarnLevel, entry.Level)
		fields := entry.ContextMap()
		text, _ := fields["error"].(string)
		got = append(got, line{fields["protocol"].(string), fields["reason"].(string), text})
		require.Equal(t, causes[fields["reason"].(string)].do, fields["do"])
		require.EqualValues(t, 1, fields["requests"])
		require.Regexp(t, `^127\.0\.0\.1:\d+$`, fields["sender"])
		for _, value := range fields {
			if text, ok := value.(string); ok {
				require.NotContains(t, text, "s3cret")
			}
		}
	}
	require.Equal(t, []line{
		{"events", "auth", ""},
		{"events", "malformed", ""},
		{"loki_push", "content_type", `Content-Type "text/plain" is not supported: want application/json or application/x-protobuf`},
		{"webhook", "signature", "no signature is one of this body and a secret of webhook::secrets"},
	}, got)
}

// While a reason goes on there is a line a minute, with how many it is about.
func TestOneLineAMinute(t *testing.T) {
	r := newErrorLog(zap.NewNop(), "events")
	at := time.Now()
	var lines []int64
	for range 150 {
		lines = append(lines, r.due("auth", at))
		at = at.Add(time.Second)
	}
	want := make([]int64, 150)
	want[0], want[60], want[120] = 1, 60, 60
	require.Equal(t, want, lines)
	require.EqualValues(t, 1, r.due("malformed", at), "each reason has its own")
}

func TestLineOfALaterMinute(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	r := newErrorLog(zap.New(core), "events")
	e := httpErrorOf(newHTTPError(reasonUnavailable, errNoRoom))
	r.log(e, "192.0.2.1:1")
	r.log(e, "192.0.2.1:2")
	r.counts[reasonUnavailable].logged = time.Now().Add(-summaryEvery)
	r.log(e, "192.0.2.1:3")
	require.Equal(t, 2, logs.Len())
	require.EqualValues(t, 2, logs.All()[1].ContextMap()["requests"])
	require.Equal(t, "192.0.2.1:3", logs.All()[1].ContextMap()["sender"])
}

// The README's table says what the log says.
func TestReadmeTellsWhatToDo(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for reason, why := range causes {
		require.Contains(t, string(readme), "| `"+reason+"` | "+why.do+" |\n")
	}
}

// A rate needs the value before the first request: every counter is there from
// the start.
func TestCountersStartAtZero(t *testing.T) {
	r := start(t, nil, withWebhook)
	for name, want := range map[string]int{
		"otelcol_receiver_stytch_requests":         3*7 + 2, // 2xx, 400, 401, 405, 408, 413 and 503, and 403 but for webhooks
		"otelcol_receiver_stytch_refused_requests": 12 + 11 + 10,
		"otelcol_receiver_stytch_malformed_events": 3,
	} {
		got, err := r.telemetry.GetMetric(name)
		require.NoError(t, err)
		points := got.Data.(metricdata.Sum[int64]).DataPoints
		for _, p := range points {
			require.Zero(t, p.Value)
		}
		require.Len(t, points, want, name)
	}
}
