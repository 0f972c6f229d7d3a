package stytchreceiver

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
)

func load(t *testing.T, values map[string]any) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestDefaultConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	cfg, err := load(t, map[string]any{"loki_push": map[string]any{}, "events": map[string]any{}})
	require.NoError(t, err)
	require.Equal(t, createDefaultConfig(), cfg)
}

func TestConfig(t *testing.T) {
	cfg, err := load(t, map[string]any{
		"http":      map[string]any{"endpoint": "0.0.0.0:9000", "max_request_body_size": 1 << 20},
		"loki_push": map[string]any{"enabled": false},
		"events":    map[string]any{"path": "/in"},
		"webhook":   map[string]any{"secrets": []any{vectorSecret}, "max_body_size": 4096},
		"promote":   []any{"organization_id"},
		"push_for":  map[string]any{},

		"max_events_per_request": 5,
		"max_inflight_bytes":     32 << 20,
	})
	require.NoError(t, err)
	want := createDefaultConfig().(*Config)
	want.HTTP.NetAddr.Endpoint = "0.0.0.0:9000"
	want.HTTP.MaxRequestBodySize = 1 << 20
	want.LokiPush = configoptional.None[LokiPushConfig]()
	want.Events = configoptional.Some(EventsConfig{Path: "/in"})
	want.Webhook = configoptional.Some(WebhookConfig{Path: "/webhooks/stytch", Secrets: []configopaque.String{vectorSecret}, MaxBodySize: 4096})
	want.MaxEventsPerRequest = 5
	want.MaxInflightBytes = 32 << 20
	want.Promote = []string{"organization_id"}
	want.PushFor = map[string][]string{}
	require.False(t, cfg.LokiPush.HasValue())
	cfg.LokiPush = want.LokiPush
	require.Equal(t, want, cfg)
}

func TestConfigErrorsNameTheKey(t *testing.T) {
	off := map[string]any{"enabled": false}
	for name, tc := range map[string]struct {
		values map[string]any
		want   string
	}{
		"no protocol":       {map[string]any{"loki_push": off, "events": off}, "no protocol is on: enable at least one of `loki_push`, `events` and `webhook`"},
		"no slash":          {map[string]any{"events": map[string]any{"path": "v1"}}, "events::path: must begin with a slash, not end with one, and hold no braces, spaces, `%`, `?`, `#`, `//` or dots between slashes, got \"v1\""},
		"wildcard":          {map[string]any{"events": map[string]any{"path": "/{x}"}}, "events::path: must begin with a slash, not end with one, and hold no braces, spaces, `%`, `?`, `#`, `//` or dots between slashes, got \"/{x}\""},
		"Loki's path":       {map[string]any{"events": map[string]any{"path": "/loki/api/v1/push"}}, "events::path: \"/loki/api/v1/push\" is the path of loki_push"},
		"the probe":         {map[string]any{"events": map[string]any{"path": "/ready"}}, "events::path: \"/ready\" is the path of the readiness probe"},
		"no secrets":        {map[string]any{"webhook": map[string]any{}}, "webhook::secrets: at least one is required, or `enabled: false`"},
		"bad secrets":       {map[string]any{"webhook": map[string]any{"secrets": []any{vectorSecret, "", "s3cret!"}}}, "webhook::secrets::1: is empty\nwebhook::secrets::2: want whsec_ and base64, as Stytch's dashboard shows it"},
		"webhook's path":    {map[string]any{"webhook": map[string]any{"path": "/v1/events", "secrets": []any{vectorSecret}}}, "webhook::path: \"/v1/events\" is the path of events"},
		"end slash":         {map[string]any{"events": map[string]any{"path": "/v1/"}}, "events::path: must begin with a slash, not end with one, and hold no braces, spaces, `%`, `?`, `#`, `//` or dots between slashes, got \"/v1/\""},
		"no events":         {map[string]any{"max_events_per_request": 0}, "max_events_per_request: must be at least 1, got 0"},
		"no endpoint":       {map[string]any{"http": map[string]any{"endpoint": ""}}, "http::endpoint: must be a host and a port such as localhost:8321, got \"\""},
		"port alone":        {map[string]any{"http": map[string]any{"endpoint": "8321"}}, "http::endpoint: must be a host and a port such as localhost:8321, got \"8321\""},
		"negative size":     {map[string]any{"http": map[string]any{"max_request_body_size": -1}}, "http::max_request_body_size: must not be negative, got -1"},
		"no unit":           {map[string]any{"http": map[string]any{"read_timeout": 30}}, "http::read_timeout: must be at least 1ms, or 0 for none, got 30ns: write it with a unit, such as 30s"},
		"empty port":        {map[string]any{"http": map[string]any{"endpoint": "localhost:"}}, "http::endpoint: must be a host and a port such as localhost:8321, got \"localhost:\""},
		"high port":         {map[string]any{"http": map[string]any{"endpoint": "localhost:83210"}}, "http::endpoint: must be a host and a port such as localhost:8321, got \"localhost:83210\""},
		"encoding":          {map[string]any{"http": map[string]any{"compression_algorithms": []any{"gzip", "br"}}}, "http::compression_algorithms::1: must be \"\", gzip, deflate, snappy or zstd, got \"br\""},
		"no unit to write":  {map[string]any{"http": map[string]any{"write_timeout": 60}}, "http::write_timeout: must be at least 1ms, or 0 for none, got 60ns: write it with a unit, such as 30s"},
		"no unit of header": {map[string]any{"http": map[string]any{"read_header_timeout": 60}}, "http::read_header_timeout: must be at least 1ms, or 0 for none, got 60ns: write it with a unit, such as 30s"},
		"no unit of idle":   {map[string]any{"http": map[string]any{"idle_timeout": 60}}, "http::idle_timeout: must be at least 1ms, or 0 for none, got 60ns: write it with a unit, such as 30s"},
		"no header":         {map[string]any{"http": map[string]any{"response_headers": map[string]any{"a header": "x"}}}, "http::response_headers: \"a header\" is no name of a header"},
		"header's value":    {map[string]any{"http": map[string]any{"response_headers": map[string]any{"X-Key": "s3cret\n"}}}, "http::response_headers::X-Key: holds a control character"},
		"no webhooks":       {map[string]any{"webhook": map[string]any{"secrets": []any{vectorSecret}, "max_body_size": 0}}, "webhook::max_body_size: must be at least 1, got 0"},
		"secret's space":    {map[string]any{"webhook": map[string]any{"secrets": []any{" " + vectorSecret, vectorSecret + "\n\n"}}}, "webhook::secrets::0: holds white space\nwebhook::secrets::1: holds white space"},
		"little room":       {map[string]any{"max_inflight_bytes": 1 << 19}, "max_inflight_bytes: must be at least 1048576, or 0 for the default, got 524288"},
		"negative room":     {map[string]any{"max_inflight_bytes": -1}, "max_inflight_bytes: must be at least 1048576, or 0 for the default, got -1"},
		"push_for alone":    {map[string]any{"push_for": map[string]any{"a": []any{"p"}}}, "push_for: names users of http::auth, which is not set"},
		"push_for nothing":  {map[string]any{"push_for": map[string]any{"a": []any{}, "b": []any{"p", ""}, "": []any{"p"}}, "http": map[string]any{"auth": map[string]any{"authenticator": "basicauth"}}}, "push_for: a name is empty\npush_for::a: must name at least one project_id\npush_for::b::1: must name a project_id"},
		"nameless field":    {map[string]any{"promote": []any{"a", ""}}, "promote::1: must name a field of the event"},
		"unknown key":       {map[string]any{"evnts": map[string]any{}}, "decoding failed due to the following error(s):\n\n'stytchreceiver.Config' has invalid keys: evnts"},
		"unknown sub-key":   {map[string]any{"loki_push": map[string]any{"path": "/x"}}, "decoding failed due to the following error(s):\n\n'loki_push' decoding failed due to the following error(s):\n\n'stytchreceiver.LokiPushConfig' has invalid keys: path"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tc.values)
			require.EqualError(t, err, tc.want)
		})
	}
}
