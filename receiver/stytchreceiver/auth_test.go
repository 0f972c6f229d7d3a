package stytchreceiver

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
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
	r.requireCounts("otelcol_receiver_stytch_requests",
		metricdata.DataPoint[int64]{Attributes: protocolAttr("events", 401), Value: 1},
		metricdata.DataPoint[int64]{Attributes: protocolAttr("loki_push", 401), Value: 1},
		metricdata.DataPoint[int64]{Attributes: protocolAttr("events", 202), Value: 2})
}

// everybody is an auth extension whose password is an unset variable.
type everybody struct{ component.Component }

func (everybody) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	if len(sources["Authorization"]) == 0 || sources["Authorization"][0] == "Basic Og==" {
		return ctx, errors.New("who are you?")
	}
	return ctx, nil
}

func TestEmptyPasswordIsRefused(t *testing.T) {
	r := start(t, nil, func(cfg *Config) {
		cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("auth")}})
	}, everybody{})
	for credentials, want := range map[string]int{"Basic c3R5dGNoOg==": http.StatusUnauthorized, "Basic c3R5dGNoOng=": http.StatusAccepted} { // stytch: and stytch:x
		resp, answer := r.post("/v1/events", "{}", "Authorization", credentials)
		require.Equal(t, want, resp.StatusCode, answer)
	}
}

func TestChallenge(t *testing.T) {
	for kind, want := range map[string]string{
		"basicauth": `Basic realm="stytch", charset="UTF-8"`, "bearertokenauth": "Bearer", "oidc": "Bearer", "mine": "",
	} {
		id := component.MustNewIDWithName(kind, "x")
		cfg := createDefaultConfig().(*Config)
		cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: id}})
		auth, err := newTestReceiver(t, cfg).newExtensionAuth(t.Context(), extensions{id: oneToken{}})
		require.NoError(t, err)
		answer := http.Header{}
		_, err = auth.Authenticate(answer, httptest.NewRequest(http.MethodPost, "/", nil))
		require.EqualError(t, err, "who are you?")
		require.Equal(t, want, answer.Get("WWW-Authenticate"))
	}
}

type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

// What is found out at the start alone names the key as in the whole configuration.
func TestAuthThatRefusesTheStart(t *testing.T) {
	const key = "receivers::stytch/test::http::auth"
	for name, tc := range map[string]struct {
		extensions extensions
		want       string
	}{
		"not enabled":       {nil, key + "::authenticator: no extension \"auth\" is enabled: list it in service::extensions"},
		"no authenticator":  {extensions{authID: componentOnly{}}, key + "::authenticator: the extension \"auth\" cannot authenticate senders"},
		"empty credentials": {extensions{authID: everyone{}}, key + ": the extension \"auth\" lets an empty user name with an empty password in: set the variables of its credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			cfg.HTTP.NetAddr.Endpoint = "localhost:0"
			cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: authID}})
			set := receivertest.NewNopSettings(metadata.Type)
			set.ID = component.MustNewIDWithName("stytch", "test")
			rcv, err := NewFactory().CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
			require.NoError(t, err)
			require.EqualError(t, rcv.Start(t.Context(), tc.extensions), tc.want)
			require.NoError(t, rcv.Shutdown(t.Context()))
			require.NoError(t, rcv.Shutdown(t.Context()))
		})
	}
}

var authID = component.MustNewID("auth")

type componentOnly struct{ component.Component }

// everyone is what basicauth is with the empty name and password of unset variables.
type everyone struct{ component.Component }

func (everyone) Authenticate(ctx context.Context, _ map[string][]string) (context.Context, error) {
	return ctx, nil
}

func TestOpenReceiverIsWarnedOf(t *testing.T) {
	warnings := func(endpoint string) int {
		r := start(t, nil, func(cfg *Config) { cfg.HTTP.NetAddr.Endpoint = endpoint })
		return r.logs.FilterLevelExact(zapcore.WarnLevel).FilterMessageSnippet("http::auth").Len()
	}
	require.Equal(t, 0, warnings("127.0.0.1:0"))
	require.Equal(t, 1, warnings("0.0.0.0:0"))
}
