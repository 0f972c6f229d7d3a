package lokiexporter

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/standin"
	"github.com/otelcol-stytch/otelcol-stytch/exporter/lokiexporter/internal/metadata"
)

func load(t *testing.T, values map[string]any) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
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
	for name, tc := range map[string]struct {
		values map[string]any
		want   string
	}{
		"nothing":     {nil, "hostname: must be set, or `endpoint` to a whole URL"},
		"both":        {map[string]any{"hostname": "a", "endpoint": "http://b"}, "hostname, endpoint: set one of them"},
		"scheme":      {map[string]any{"hostname": "https://x"}, `hostname: must be a host name without scheme or path, got "https://x"`},
		"path":        {map[string]any{"hostname": "x/loki"}, `hostname: must be a host name without scheme or path, got "x/loki"`},
		"both of it":  {map[string]any{"hostname": "https://x/y"}, `hostname: must be a host name without scheme or path, got "https://x/y"`},
		"bad port":    {map[string]any{"hostname": "x:http"}, `hostname: must be a host name without scheme or path, got "x:http"`},
		"no port":     {map[string]any{"hostname": "x:"}, `hostname: must be a host name without scheme or path, got "x:"`},
		"user":        {map[string]any{"hostname": "u@x"}, `hostname: must be a host name without scheme or path, got "u@x"`},
		"half a key":  {map[string]any{"hostname": "x", "username": "u"}, "username, password: set both or neither"},
		"compression": {map[string]any{"hostname": "x", "compression": "zstd"}, `compression: must be gzip, got "zstd"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tc.values)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestExportToLoki(t *testing.T) {
	loki := standin.NewLoki()
	loki.Username, loki.Password = "123456", "secret"
	url, err := loki.Start("localhost:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, loki.Close()) }()
	var tenant string
	loki.SetFault(func(r *http.Request, n int) *standin.Answer {
		tenant = r.Header.Get("X-Scope-OrgID")
		if n == 1 {
			return &standin.Answer{Status: http.StatusServiceUnavailable}
		}
		return nil
	})
	cfg := createDefaultConfig().(*Config)
	cfg.ClientConfig.Endpoint = url
	cfg.Username, cfg.Password, cfg.TenantID = "123456", "secret", "acme"
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	cfg.RetryConfig.InitialInterval = time.Millisecond
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	at := time.Now()
	ld := plog.NewLogs()
	add(ld, "stytch", "stytch.auth", pcommon.NewTimestampFromTime(at), `{"event_id":"a","n":1.50}`)
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	require.NoError(t, e.Shutdown(t.Context()))

	require.Equal(t, "acme", tenant)
	require.Len(t, loki.Entries(), 1)
	entry := loki.Entries()[0]
	require.Equal(t, map[string]string{"source": "stytch", "service_name": "stytch.auth"}, entry.Labels)
	require.Equal(t, `{"event_id":"a","n":1.50}`, entry.Line)
	require.Equal(t, at.UnixNano(), entry.Timestamp)
}

func TestJudgeTakesOnly200And204AsStored(t *testing.T) {
	for code := 200; code <= 299; code++ {
		require.Equal(t, code != 200 && code != 204, judge(code, nil).Verdict != 0, code)
	}
}
