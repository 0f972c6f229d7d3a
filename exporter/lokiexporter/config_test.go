package lokiexporter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

func load(t *testing.T, values map[string]any) (*Config, error) {
	t.Helper()
	cfg := defaults()
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	cfg, err := load(t, map[string]any{
		"hostname": "logs-prod-021.grafana.net", "username": "123456", "password": "secret", "tenant_id": "acme",
		"labels":              map[string]any{"action": "stytch.action", "env": "deployment.environment.name"},
		"structured_metadata": []any{"stytch.event_id", "stytch.request_id"},
		"encoding":            "protobuf", "compression": "snappy", "max_request_bytes": 500_000, "too_old": "drop",
	})
	require.NoError(t, err)
	client := httpsend.DefaultClient()
	client.Compression = configcompression.TypeSnappy
	require.Equal(t, &Config{
		Hostname: "logs-prod-021.grafana.net", Username: "123456", Password: "secret", TenantID: "acme",
		Labels:             Labels{"action": "stytch.action", "env": "deployment.environment.name"},
		StructuredMetadata: StructuredMetadata{"stytch.event_id", "stytch.request_id"},
		Encoding:           encodingProtobuf, MaxRequestBytes: 500_000, TooOld: httpsend.TooOldDrop,
		ClientConfig: client, QueueConfig: httpsend.DefaultQueue(), RetryConfig: httpsend.DefaultRetry(),
	}, cfg)
}

// A number that stands for a text is that text, and a secret from a file is not the
// file's line end.
func TestTexts(t *testing.T) {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(`{hostname: x, username: 123456, password: 1234, tenant_id: 1, headers: {X-A: "a\n"}}`))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	cfg := defaults()
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	want := defaults()
	want.Hostname, want.Username, want.Password, want.TenantID = "x", "123456", "1234", "1"
	want.ClientConfig.Headers = configopaque.MapList{{Name: "X-A", Value: "a"}}
	want.numbers = []string{"username", "password", "tenant_id"}
	require.Equal(t, want, cfg)

	cfg, err = load(t, map[string]any{"hostname": "x", "username": "u\r\n", "password": "p\n", "tenant_id": "t\n"})
	require.NoError(t, err)
	want = defaults()
	want.Hostname, want.Username, want.Password, want.TenantID = "x", "u", "p", "t"
	require.Equal(t, want, cfg)
}

// The longest tenant of every character that Loki takes.
func TestTenant(t *testing.T) {
	require.NoError(t, checkTenant(strings.Repeat("aZ09!-_.*'()...", 10)))
}

func TestURL(t *testing.T) {
	for want, values := range map[string]map[string]any{
		"https://logs-prod-021.grafana.net/loki/api/v1/push": {"hostname": "logs-prod-021.grafana.net"},
		"https://loki.internal:3100/loki/api/v1/push":        {"hostname": "loki.internal:3100"},
		"https://[::1]:3100/loki/api/v1/push":                {"hostname": "[::1]:3100"},
		"http://localhost:1/loki/api/v1/push":                {"endpoint": "http://localhost:1"},
		"http://localhost:1/x/push":                          {"endpoint": "http://localhost:1/x/push"},
	} {
		cfg, err := load(t, values)
		require.NoError(t, err)
		url, err := cfg.url()
		require.NoError(t, err)
		require.Equal(t, want, url)
	}
}

func TestConfigErrors(t *testing.T) {
	many := map[string]any{}
	for i := range 15 {
		many[fmt.Sprint("l", i)] = "a"
	}
	labels := func(name, attribute string) map[string]any {
		return map[string]any{"labels": map[string]any{name: attribute}}
	}
	for name, tc := range map[string]struct {
		values map[string]any
		want   string
	}{
		"both":              {map[string]any{"endpoint": "http://b"}, "hostname, endpoint: set one of them"},
		"none":              {map[string]any{"hostname": ""}, "hostname: must be set, or `endpoint` to a whole URL"},
		"scheme":            {map[string]any{"hostname": "https://x"}, `hostname: must be a host name without scheme or path, got "https://x"`},
		"path":              {map[string]any{"hostname": "x/loki"}, `hostname: must be a host name without scheme or path, got "x/loki"`},
		"both of it":        {map[string]any{"hostname": "https://x/y"}, `hostname: must be a host name without scheme or path, got "https://x/y"`},
		"bad port":          {map[string]any{"hostname": "x:http"}, `hostname: must be a host name without scheme or path, got "x:http"`},
		"no port":           {map[string]any{"hostname": "x:"}, `hostname: must be a host name without scheme or path, got "x:"`},
		"user":              {map[string]any{"hostname": "u@x"}, `hostname: must be a host name without scheme or path, got "u@x"`},
		"two hosts":         {map[string]any{"hostname": "x,y"}, `hostname: must be a host name without scheme or path, got "x,y"`},
		"half a key":        {map[string]any{"username": "u"}, "username, password: set both or neither"},
		"colon":             {map[string]any{"username": "u:v", "password": "p"}, "username: must not hold a colon"},
		"two keys":          {map[string]any{"username": "u", "password": "p", "auth": map[string]any{"authenticator": "bearertokenauth"}}, "username, auth: set one of them"},
		"tenant":            {map[string]any{"tenant_id": "a\nb"}, `tenant_id: must be one tenant, of letters, digits and !-_.*'() alone, got "a\nb"`},
		"tenant's path":     {map[string]any{"tenant_id": "a/b"}, `tenant_id: must be one tenant, of letters, digits and !-_.*'() alone, got "a/b"`},
		"two tenants":       {map[string]any{"tenant_id": "a|b"}, `tenant_id: must be one tenant, of letters, digits and !-_.*'() alone, got "a|b"`},
		"tenant's folder":   {map[string]any{"tenant_id": ".."}, `tenant_id: must not be "..", which Loki refuses`},
		"tenant, a dot":     {map[string]any{"tenant_id": "."}, `tenant_id: must not be ".", which Loki refuses`},
		"long tenant":       {map[string]any{"tenant_id": strings.Repeat("a", 151)}, "tenant_id: must be at most 150 bytes long, got 151"},
		"user's control":    {map[string]any{"username": "a\tb", "password": "p"}, "username: must not hold a control character, such as a line end"},
		"password's end":    {map[string]any{"username": "a", "password": "hunter2\n\n"}, "password: must not begin or end with white space or hold a control character, such as a line end"},
		"password's space":  {map[string]any{"username": "a", "password": " hunter2"}, "password: must not begin or end with white space"},
		"password, a float": {map[string]any{"username": "a", "password": 1e5}, "'password' must be in quotes"},
		"header name":       {map[string]any{"headers": map[string]any{"a b": "x"}}, `headers::a b: must be the name of a header, such as X-Tenant, got "a b"`},
		"header value":      {map[string]any{"headers": map[string]any{"X-A": "a\x00"}}, "headers::X-A: must not hold a control character"},
		"proxy":             {map[string]any{"proxy_url": "localhost:3128"}, "proxy_url: must be a URL that begins with http://, https:// or socks5:// and names a host"},
		"port":              {map[string]any{"hostname": "x:65536"}, "hostname: the port must be between 1 and 65535, got 65536"},
		"endpoint's port":   {map[string]any{"hostname": "", "endpoint": "http://x:70000"}, "endpoint: the port must be between 1 and 65535, got 70000"},
		"retry, no unit":    {map[string]any{"retry_on_failure": map[string]any{"initial_interval": 5}}, "retry_on_failure::initial_interval: must be at least 1ms, got 5ns"},
		"flush, no unit":    {map[string]any{"sending_queue": map[string]any{"batch": map[string]any{"flush_timeout": 200}}}, "sending_queue::batch::flush_timeout: must be at least 1ms, got 200ns"},
		"encoding":          {map[string]any{"encoding": "xml"}, `encoding: must be json or protobuf, got "xml"`},
		"json zstd":         {map[string]any{"compression": "zstd"}, `compression: must be gzip or none with the encoding json, got "zstd"`},
		"json deflate":      {map[string]any{"compression": "deflate"}, `compression: must be gzip or none with the encoding json, got "deflate"`},
		"protobuf gzip":     {map[string]any{"encoding": "protobuf", "compression": "gzip"}, `compression: must be snappy, or not set, with the encoding protobuf, of which it is a part, got "gzip"`},
		"size":              {map[string]any{"max_request_bytes": 0}, "max_request_bytes: must be positive, got 0"},
		"no unit":           {map[string]any{"timeout": 30}, "timeout: must be at least 1ms, or 0 for none, got 30ns: write it with a unit, such as 30s"},
		"negative":          {map[string]any{"timeout": "-1s"}, "timeout: must be at least 1ms, or 0 for none, got -1s"},
		"too old":           {map[string]any{"too_old": "keep"}, `too_old: must be send or drop, got "keep"`},
		"dot":               {labels("a.b", "x"), "labels: a.b: must be a name of letters, digits and underscores that does not begin with a digit"},
		"digit":             {labels("1a", "x"), "labels: 1a: must be a name"},
		"reserved":          {labels("__a", "x"), "labels: __a: must not begin with two underscores, which are Loki's own"},
		"long":              {labels(strings.Repeat("a", 1025), "x"), "must be at most 1024 bytes long"},
		"no attribute":      {labels("a", ""), "labels: a: must name an attribute"},
		"source":            {labels("source", "x"), "labels: source: is always sent"},
		"service":           {labels("service_name", "x"), "labels: service_name: is always sent"},
		"event":             {labels("id", "stytch.event_id"), "labels: id: must not come from stytch.event_id: nearly every event has a value of its own there, and each value is a stream that Loki keeps apart; put it into structured_metadata"},
		"request":           {labels("id", "stytch.request_id"), "labels: id: must not come from stytch.request_id"},
		"webhook":           {labels("id", "stytch.webhook_id"), "labels: id: must not come from stytch.webhook_id"},
		"session":           {labels("id", "stytch.member_session_id"), "labels: id: must not come from"},
		"person":            {labels("id", "user.id"), "labels: id: must not come from user.id"},
		"too many":          {map[string]any{"labels": many}, "labels: must be at most 14, since Loki takes 15 on a stream and `source` is one, got 15"},
		"no name":           {map[string]any{"structured_metadata": []any{"a", "__"}}, `structured_metadata: want at least one letter from a to z or digit, got "__"`},
		"empty name":        {map[string]any{"structured_metadata": []any{""}}, `structured_metadata: want at least one letter`},
		"one name":          {map[string]any{"structured_metadata": []any{"a.b", "a_b"}}, "structured_metadata: a.b, a_b: both are a_b to Loki"},
		"a label":           {map[string]any{"labels": map[string]any{"a_b": "x"}, "structured_metadata": []any{"a.b"}}, "structured_metadata: a.b: is a_b to Loki, which is a label already"},
		"the service label": {map[string]any{"structured_metadata": []any{"service.name"}}, "structured_metadata: service.name: is service_name to Loki, which is a label already"},
		"too much metadata": {map[string]any{"structured_metadata": make([]any, 129)}, "structured_metadata: must be at most 128 attributes, got 129"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, given := tc.values["hostname"]; !given {
				tc.values["hostname"] = "x"
			}
			_, err := load(t, tc.values)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	for _, attribute := range []string{"stytch.action", "stytch.status", "stytch.organization_id", "stytch.project_id", "http.response.status_code"} {
		_, err := load(t, map[string]any{"hostname": "x", "labels": map[string]any{"a": attribute}})
		require.NoError(t, err)
	}
}
