package httpsend

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
)

func TestCheck(t *testing.T) {
	type settings struct {
		client *confighttp.ClientConfig
		batch  *exporterhelper.BatchConfig
		retry  *configretry.BackOffConfig
	}
	unit := ": write it with a unit, such as 30s"
	for _, tc := range []struct {
		edit func(settings)
		want string // "" where it is right
	}{
		{func(settings) {}, ""},
		{func(s settings) { s.client.Timeout = 30 }, "timeout: must be at least 1ms, or 0 for none, got 30ns" + unit},
		{func(s settings) { s.client.Timeout = -time.Second }, "timeout: must be at least 1ms, or 0 for none, got -1s" + unit},
		{func(s settings) { s.client.Timeout = 0 }, ""},
		{func(s settings) { s.client.IdleConnTimeout = 90 }, "idle_conn_timeout: must be at least 1ms, or 0 for none, got 90ns" + unit},
		{func(s settings) { s.client.HTTP2ReadIdleTimeout = 10 }, "http2_read_idle_timeout: must be at least 1ms, or 0 for no health check, got 10ns" + unit},
		{func(s settings) { s.client.HTTP2PingTimeout = 10 }, "http2_ping_timeout: must be at least 1ms, or 0 for 15s, got 10ns" + unit},
		{func(s settings) { s.client.TLS.ReloadInterval = 10 }, "tls::reload_interval: must be at least 1ms, or 0 for never, got 10ns" + unit},
		{func(s settings) { s.retry.InitialInterval = 5 }, "retry_on_failure::initial_interval: must be at least 1ms, got 5ns" + unit},
		{func(s settings) { s.retry.InitialInterval = 0 }, "retry_on_failure::initial_interval: must be at least 1ms, got 0s" + unit},
		{func(s settings) { s.retry.InitialInterval = time.Millisecond }, ""},
		{func(s settings) { s.retry.MaxInterval = 30 }, "retry_on_failure::max_interval: must be at least 1ms, got 30ns" + unit},
		{
			func(s settings) { s.retry.InitialInterval, s.retry.MaxInterval, s.retry.MaxElapsedTime = 1, 1, 300 },
			"retry_on_failure::initial_interval: must be at least 1ms, got 1ns" + unit +
				"\nretry_on_failure::max_interval: must be at least 1ms, got 1ns" + unit +
				"\nretry_on_failure::max_elapsed_time: must be at least 1ms, or 0 for no limit, got 300ns" + unit,
		},
		{func(s settings) { s.retry.Multiplier = 0 }, "retry_on_failure::multiplier: must be at least 1, got 0"},
		{func(s settings) { s.retry.Enabled, s.retry.InitialInterval = false, 5 }, ""},
		{func(s settings) { s.batch.FlushTimeout = 200 }, "sending_queue::batch::flush_timeout: must be at least 1ms, got 200ns" + unit},
		{func(s settings) { s.client.Headers.Set("a b", "x") }, `headers::a b: must be the name of a header, such as X-Tenant, got "a b"`},
		{func(s settings) { s.client.Headers.Set("", "x") }, `headers::: must be the name of a header, such as X-Tenant, got ""`},
		{func(s settings) { s.client.Headers.Set("X-A", "t0ken\n") }, "headers::X-A: must not hold a control character, such as a line end"},
		{func(s settings) { s.client.Headers.Set("X-A", "Bearer é") }, ""},
		{func(s settings) { s.client.ProxyURL = "localhost:3128" }, "proxy_url: must be a URL that begins with http://, https:// or socks5:// and names a host"},
		{func(s settings) { s.client.ProxyURL = "http://u:secret@[x" }, "proxy_url: must be a URL that begins with http://, https:// or socks5:// and names a host"},
		{func(s settings) { s.client.ProxyURL = "http://p:70000" }, "proxy_url: the port must be between 1 and 65535, got 70000"},
		{func(s settings) { s.client.ProxyURL = "socks5h://u:secret@p:1080" }, ""},
	} {
		client, queue, retry := DefaultClient(), DefaultQueue(), DefaultRetry()
		tc.edit(settings{&client, queue.Get().Batch.Get(), &retry})
		err := Check(client, queue, retry)
		if tc.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, tc.want)
	}
	require.NoError(t, Check(DefaultClient(), configoptional.None[exporterhelper.QueueBatchConfig](), DefaultRetry()))
}

func TestEndpointsThatNobodyAnswersAt(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://x:65536":        "endpoint: the port must be between 1 and 65535, got 65536",
		"http://x:0":            "endpoint: the port must be between 1 and 65535, got 0",
		"http://:80":            "endpoint: must be a URL that begins with https:// or http:// and names a host",
		"http://u:secret@x:y/z": "endpoint: must be a URL such as https://example.com",
	} {
		_, err := Endpoint(endpoint, "/p")
		require.EqualError(t, err, want)
	}
	_, err := Endpoint("http://x:65535", "/p")
	require.NoError(t, err)
}

func TestCheckSecret(t *testing.T) {
	for _, secret := range []configopaque.String{"", "hunter2", "correct horse", "é"} {
		require.NoError(t, CheckSecret("password", secret))
	}
	for _, secret := range []configopaque.String{"hunter2\n", " hunter2", "hunter2 ", "hunter2\t", "hun\x00ter2", "\u00a0hunter2", "\n"} {
		err := CheckSecret("password", secret)
		require.EqualError(t, err, "password: must not begin or end with white space or hold a control character, such as a line end")
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestCutLineEnds(t *testing.T) {
	headers := configopaque.MapList{{Name: "A", Value: "a\r\n"}, {Name: "B", Value: "b\n\n"}}
	CutLineEnds(headers)
	require.Equal(t, configopaque.MapList{{Name: "A", Value: "a"}, {Name: "B", Value: "b\n"}}, headers)
}

type hostWith struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h hostWith) GetExtensions() map[component.ID]component.Component { return h.extensions }

func TestTheStartNamesAWrongAuthenticator(t *testing.T) {
	client := DefaultClient()
	id := component.MustNewIDWithName("bearertokenauth", "ingest")
	client.Auth = configoptional.Some(configauth.Config{AuthenticatorID: id})
	set := exportertest.NewNopSettings(component.MustNewType("loki"))
	set.ID = component.MustNewIDWithName("loki", "audit")
	_, _, err := newClients(t.Context(), client, componenttest.NewNopHost(), set)
	require.EqualError(t, err, `exporters::loki/audit::auth::authenticator: "bearertokenauth/ingest" is no enabled extension: `+
		"define it under extensions and list it in service::extensions")
	other := hostWith{componenttest.NewNopHost(), map[component.ID]component.Component{id: nil}}
	_, _, err = newClients(t.Context(), client, other, set)
	require.EqualError(t, err, `exporters::loki/audit::auth::authenticator: "bearertokenauth/ingest": requested authenticator is not a HTTP client authenticator`)
}
