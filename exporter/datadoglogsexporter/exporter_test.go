package datadoglogsexporter

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
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/standin"
	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadatatest"
)

const apiKey = "0123456789abcdef0123456789abcdef"

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
		"https://http-intake.logs.datadoghq.com/api/v2/logs": {"api": map[string]any{"key": apiKey}},
		"https://http-intake.logs.datadoghq.eu/api/v2/logs":  {"api": map[string]any{"key": apiKey, "site": "datadoghq.eu"}},
		"http://localhost:1/api/v2/logs":                     {"api": map[string]any{"key": apiKey}, "endpoint": "http://localhost:1"},
		"http://localhost:1/proxy":                           {"api": map[string]any{"key": apiKey}, "endpoint": "http://localhost:1/proxy"},
	} {
		cfg, err := load(t, values)
		require.NoError(t, err)
		url, err := cfg.url()
		require.NoError(t, err)
		require.Equal(t, want, url)
	}
	for want, values := range map[string]map[string]any{
		"api: key: must be set": {},
		"api: site: must be the name of a Datadog site such as datadoghq.com, got \"https://x\"": {"api": map[string]any{"key": apiKey, "site": "https://x"}},
		"endpoint: must be a URL that begins with https:// or http:// and names a host":          {"api": map[string]any{"key": apiKey}, "endpoint": "localhost:1"},
		"compression: must be gzip, zstd or none, got \"snappy\"":                                {"api": map[string]any{"key": apiKey}, "compression": "snappy"},
		"tags::0: must be one tag such as team:identity, got \"a,b\"":                            {"api": map[string]any{"key": apiKey}, "tags": []any{"a,b"}},
	} {
		_, err := load(t, values)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), apiKey)
	}
}

func TestDefaults(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.Equal(t, 30*time.Second, cfg.ClientConfig.Timeout)
	require.Zero(t, cfg.RetryConfig.MaxElapsedTime)
	queue := cfg.QueueConfig.Get()
	require.Equal(t, int64(100_000), queue.QueueSize)
	require.Equal(t, exporterhelper.RequestSizerTypeItems, queue.Sizer)
	require.Equal(t, 4, queue.NumConsumers)
	require.Equal(t, exporterhelper.BatchConfig{
		Sizer: exporterhelper.RequestSizerTypeItems, FlushTimeout: 200 * time.Millisecond, MinSize: 1000, MaxSize: 1000,
	}, *queue.Batch.Get())
}

func TestExportToTheIntake(t *testing.T) {
	intake := standin.NewDatadog(apiKey)
	url, err := intake.Start("localhost:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, intake.Close()) }()

	telemetry := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	cfg := createDefaultConfig().(*Config)
	cfg.API.Key = apiKey
	cfg.ClientConfig.Endpoint = url
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	cfg.RetryConfig.InitialInterval = time.Millisecond
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))

	ld := logs(`{"event_id":"a","n":1.50}`, `plain`)
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	require.Len(t, intake.Logs(), 2)
	require.Equal(t, `{"event_id":"a","n":1.50,`+ours+`}`, string(intake.Logs()[0].Raw))

	// An answer of 503 is tried again, one of 400 to the event alone is final.
	intake.SetFault(func(_ *http.Request, n int) *standin.Answer {
		if n == 2 {
			return &standin.Answer{Status: http.StatusServiceUnavailable}
		}
		return &standin.Answer{Status: http.StatusBadRequest}
	})
	require.NoError(t, e.ConsumeLogs(t.Context(), logs(`{}`)))
	metadatatest.AssertEqualExporterDatadogLogsDroppedEvents(t, telemetry, []metricdata.DataPoint[int64]{
		{Attributes: attribute.NewSet(attribute.String("reason", "rejected")), Value: 1},
	}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(t.Context()))
}
