package datadoglogsexporter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

func load(t *testing.T, values map[string]any) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		return cfg, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	cfg, err := load(t, map[string]any{
		"api":         map[string]any{"site": "EU", "key": apiKey, "fail_on_invalid_key": true, "endpoint": "https://api.example.com"},
		"tags":        []any{"team:identity"},
		"hostname":    "auth",
		"oversize":    "drop",
		"too_old":     "drop",
		"endpoint":    "https://intake.example.com",
		"timeout":     "5s",
		"compression": "zstd",
	})
	require.NoError(t, err)
	want := createDefaultConfig().(*Config)
	want.API = APIConfig{Site: "EU", Key: apiKey, FailOnInvalidKey: true, Endpoint: "https://api.example.com"}
	want.Tags = []string{"team:identity"}
	want.Hostname = "auth"
	want.Oversize, want.TooOld = OversizeDrop, httpsend.TooOldDrop
	want.ClientConfig.Endpoint = "https://intake.example.com"
	want.ClientConfig.Timeout = 5 * time.Second
	want.ClientConfig.Compression = configcompression.TypeZstd
	require.Equal(t, want, cfg)
}

// A key of digits alone is a key, and one from a file is not the file's line end.
func TestKeys(t *testing.T) {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(`{api: {key: 1234567890123456789}, headers: {X-A: "a\n"}}`))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	want := createDefaultConfig().(*Config)
	want.API.Key, want.API.numbers = "1234567890123456789", []string{"api::key"}
	want.ClientConfig.Headers = configopaque.MapList{{Name: "X-A", Value: "a"}}
	require.Equal(t, want, cfg)
	r := newRig(t, "http://localhost:1", func(c *Config) { c.API = cfg.API })
	require.NoError(t, r.Start(t.Context(), r.Host))
	r.Stop()
	require.Contains(t, r.Log.String(), `"Numbers without quotes are sent in decimal: put them in quotes, for 0123 is 83 to YAML","keys":["api::key"]`)

	for _, end := range []string{"", "\n", "\r\n"} {
		cfg, err := load(t, map[string]any{"api": map[string]any{"key": apiKey + end}})
		require.NoError(t, err)
		require.EqualValues(t, apiKey, cfg.API.Key)
	}
}

func TestConfigErrors(t *testing.T) {
	for want, values := range map[string]map[string]any{
		"api: key: must be set":                               {},
		"api: key: must be of visible ASCII characters alone": {"api": map[string]any{"key": apiKey + "\n\n"}},
		"'key' must be in quotes":                             {"api": map[string]any{"key": 1e31}},
		"api: site: must be the name of a Datadog site such as datadoghq.com, got \"datadoghq.com\\n\"": {"api": map[string]any{"key": apiKey, "site": "datadoghq.com\n"}},
		"api::endpoint: the port must be between 1 and 65535, got 70000":                                {"api": map[string]any{"key": apiKey, "endpoint": "http://x:70000"}},
		"endpoint: the port must be between 1 and 65535, got 65536":                                     {"api": map[string]any{"key": apiKey}, "endpoint": "http://x:65536"},
		"headers::a b: must be the name of a header":                                                    {"api": map[string]any{"key": apiKey}, "headers": map[string]any{"a b": "x"}},
		"headers::X-A: must not hold a control character":                                               {"api": map[string]any{"key": apiKey}, "headers": map[string]any{"X-A": "a\nb"}},
		"proxy_url: must be a URL that begins with":                                                     {"api": map[string]any{"key": apiKey}, "proxy_url": "proxy"},
		"retry_on_failure::initial_interval: must be at least 1ms, got 5ns":                             {"api": map[string]any{"key": apiKey}, "retry_on_failure": map[string]any{"initial_interval": 5}},
		"retry_on_failure::max_interval: must be at least 1ms, got 30ns":                                {"api": map[string]any{"key": apiKey}, "retry_on_failure": map[string]any{"max_interval": 30}},
		"sending_queue::batch::flush_timeout: must be at least 1ms, got 200ns":                          {"api": map[string]any{"key": apiKey}, "sending_queue": map[string]any{"batch": map[string]any{"flush_timeout": 200}}},
		"api: site: must be the name of a Datadog site such as datadoghq.com, got \"https://x\"":        {"api": map[string]any{"key": apiKey, "site": "https://x"}},
		"api::endpoint: must be a URL that begins with https:// or http:// and names a host":            {"api": map[string]any{"key": apiKey, "endpoint": "localhost:1"}},
		"api::fail_on_invalid_key: needs api::endpoint where endpoint is set":                           {"api": map[string]any{"key": apiKey, "fail_on_invalid_key": true}, "endpoint": "http://x"},
		"endpoint: must be a URL that begins with https:// or http:// and names a host":                 {"api": map[string]any{"key": apiKey}, "endpoint": "localhost:1"},
		"compression: must be gzip, zstd or none, got \"snappy\"":                                       {"api": map[string]any{"key": apiKey}, "compression": "snappy"},
		"compression_params: the level is fixed":                                                        {"api": map[string]any{"key": apiKey}, "compression_params": map[string]any{"level": 6}},
		"tags::0: must be one tag such as team:identity, got \"a,b\"":                                   {"api": map[string]any{"key": apiKey}, "tags": []any{"a,b"}},
		"timeout: must be at least 1ms, or 0 for none, got 30ns: write it with a unit":                  {"api": map[string]any{"key": apiKey}, "timeout": 30},
		"oversize: must be truncate or drop, got \"keep\"":                                              {"api": map[string]any{"key": apiKey}, "oversize": "keep"},
		"too_old: must be send or drop, got \"\"":                                                       {"api": map[string]any{"key": apiKey}, "too_old": ""},
	} {
		_, err := load(t, values)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), apiKey)
	}
}

func TestDefaults(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.Equal(t, "datadoghq.com", cfg.API.Site)
	require.Equal(t, 30*time.Second, cfg.ClientConfig.Timeout)
	require.Equal(t, configcompression.TypeGzip, cfg.ClientConfig.Compression)
	require.Zero(t, cfg.RetryConfig.MaxElapsedTime)
	queue := cfg.QueueConfig.Get()
	require.Equal(t, int64(100_000), queue.QueueSize)
	require.Equal(t, exporterhelper.RequestSizerTypeItems, queue.Sizer)
	require.Equal(t, 4, queue.NumConsumers)
	require.Equal(t, exporterhelper.BatchConfig{
		Sizer: exporterhelper.RequestSizerTypeItems, FlushTimeout: 200 * time.Millisecond, MinSize: 1000, MaxSize: 1000,
	}, *queue.Batch.Get())
	require.Equal(t, httpsend.DefaultRetry(), cfg.RetryConfig)
}

func TestSites(t *testing.T) {
	for domain, names := range map[string][]string{
		"datadoghq.com":     {"datadoghq.com", "US", "US1", "us1", "Datadoghq.com"},
		"us3.datadoghq.com": {"us3.datadoghq.com", "US3"},
		"us5.datadoghq.com": {"us5.datadoghq.com", "US5"},
		"datadoghq.eu":      {"datadoghq.eu", "EU", "EU1", "eu"},
		"ap1.datadoghq.com": {"ap1.datadoghq.com", "AP1"},
		"ap2.datadoghq.com": {"ap2.datadoghq.com", "AP2"},
		"uk1.datadoghq.com": {"uk1.datadoghq.com", "UK1"},
		"ddog-gov.com":      {"ddog-gov.com", "US1-FED"},
		"us2.ddog-gov.com":  {"us2.ddog-gov.com", "US2-FED"},
	} {
		for _, name := range names {
			cfg, err := load(t, map[string]any{"api": map[string]any{"key": apiKey, "site": name}})
			require.NoError(t, err)
			_, known := cfg.API.site()
			require.True(t, known, name)
			url, err := cfg.url()
			require.NoError(t, err)
			require.Equal(t, "https://http-intake.logs."+domain+"/api/v2/logs", url)
			url, err = cfg.validateURL()
			require.NoError(t, err)
			require.Equal(t, "https://api."+domain+"/api/v1/validate", url)
		}
	}
}

func TestAnUnknownSiteWarnsOnce(t *testing.T) {
	cfg, err := load(t, map[string]any{"api": map[string]any{"key": apiKey, "site": "br1.datadoghq.com"}})
	require.NoError(t, err)
	url, err := cfg.url()
	require.NoError(t, err)
	require.Equal(t, "https://http-intake.logs.br1.datadoghq.com/api/v2/logs", url)
	// Not started with Datadog's own intake: the test asks nobody.
	r := newRig(t, "", func(c *Config) {
		c.API.Site, c.API.Endpoint = "br1.datadoghq.com", "http://localhost:1"
	})
	require.NoError(t, r.Start(t.Context(), r.Host))
	r.Stop()
	require.Contains(t, r.Log.String(), `"api::site is none of Datadog's known sites and used as it is written","site":"br1.datadoghq.com"`)
}

func TestEndpoints(t *testing.T) {
	for want, endpoint := range map[string]string{
		"http://localhost:1/api/v2/logs": "http://localhost:1",
		"http://localhost:1/proxy":       "http://localhost:1/proxy",
	} {
		cfg, err := load(t, map[string]any{"api": map[string]any{"key": apiKey}, "endpoint": endpoint})
		require.NoError(t, err)
		url, err := cfg.url()
		require.NoError(t, err)
		require.Equal(t, want, url)
	}
}
