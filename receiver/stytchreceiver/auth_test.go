package stytchreceiver

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadatatest"
)

// oneToken is an auth extension that knows one token, which it also takes
// from the query parameter named token.
type oneToken struct{ component.Component }

func (oneToken) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	for _, value := range append(sources["Authorization"], sources["token"]...) {
		if value == "Bearer good" {
			return ctx, nil
		}
	}
	return ctx, errors.New("who are you?")
}

func TestAuth(t *testing.T) {
	r := start(t, nil, func(cfg *Config) {
		cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{
			Config: configauth.Config{AuthenticatorID: component.MustNewID("auth")}, RequestParameters: []string{"token"},
		})
	}, oneToken{})
	for _, path := range []string{"/v1/events", lokiPath} {
		resp, answer := r.post(path, "never read")
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		require.Contains(t, answer, "who are you?")
	}
	resp, _ := r.post("/v1/events", "{}", "Authorization", "Bearer good")
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	resp, _ = r.post("/v1/events?token=Bearer+good", "{}")
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	metadatatest.AssertEqualReceiverStytchRequests(t, r.telemetry, []metricdata.DataPoint[int64]{
		{Attributes: doorAttr("events", 401), Value: 1},
		{Attributes: doorAttr("loki_push", 401), Value: 1},
		{Attributes: doorAttr("events", 202), Value: 2},
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func TestChallenge(t *testing.T) {
	for kind, want := range map[string]string{
		"basicauth": `Basic realm="stytch", charset="UTF-8"`, "bearertokenauth": "Bearer", "oidc": "Bearer", "mine": "",
	} {
		id := component.MustNewIDWithName(kind, "x")
		auth, err := newAuthenticator(t.Context(), configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: id}}),
			extensions{id: oneToken{}})
		require.NoError(t, err)
		answer := http.Header{}
		_, err = auth.admit(answer, httptest.NewRequest(http.MethodPost, "/", nil))
		require.EqualError(t, err, "who are you?")
		require.Equal(t, want, answer.Get("WWW-Authenticate"))
	}
}

type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

func TestStartWithoutTheAuthExtension(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("auth")}})
	rcv, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.EqualError(t, rcv.Start(t.Context(), componenttest.NewNopHost()),
		`http::auth: failed to resolve authenticator "auth": authenticator not found`)
	require.NoError(t, rcv.Shutdown(t.Context()))
	require.NoError(t, rcv.Shutdown(t.Context()))
}

func TestOpenDoorIsWarnedOf(t *testing.T) {
	warnings := func(endpoint string) int {
		r := start(t, nil, func(cfg *Config) { cfg.HTTP.NetAddr.Endpoint = endpoint })
		return r.logs.FilterLevelExact(zapcore.WarnLevel).FilterMessageSnippet("http::auth").Len()
	}
	require.Equal(t, 0, warnings("127.0.0.1:0"))
	require.Equal(t, 1, warnings("0.0.0.0:0"))
}

// everyone is what basicauth is with the empty name and password of unset variables.
type everyone struct{ component.Component }

func (everyone) Authenticate(ctx context.Context, _ map[string][]string) (context.Context, error) {
	return ctx, nil
}

func TestEmptyCredentialsAreWarnedOf(t *testing.T) {
	warnings := func(auth component.Component) int {
		r := start(t, nil, func(cfg *Config) {
			cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("auth")}})
		}, auth)
		return r.logs.FilterLevelExact(zapcore.WarnLevel).FilterMessageSnippet("empty user name").Len()
	}
	require.Equal(t, 0, warnings(oneToken{}))
	require.Equal(t, 1, warnings(everyone{}))
}
