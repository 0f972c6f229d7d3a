package lokiexporter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configcompression"
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
		Encoding:           encodingProtobuf, MaxRequestBytes: 500_000, TooOld: dropTooOld,
		ClientConfig: client, QueueConfig: httpsend.DefaultQueue(), RetryConfig: httpsend.DefaultRetry(),
	}, cfg)
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
		"tenant":            {map[string]any{"tenant_id": "a\nb"}, "tenant_id: must not hold control characters"},
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
		})
	}
	for _, attribute := range []string{"stytch.action", "stytch.status", "stytch.organization_id", "stytch.project_id", "http.response.status_code"} {
		_, err := load(t, map[string]any{"hostname": "x", "labels": map[string]any{"a": attribute}})
		require.NoError(t, err)
	}
}
