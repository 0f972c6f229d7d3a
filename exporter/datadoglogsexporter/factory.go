package datadoglogsexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/queuestore"
)

// NewFactory returns the factory of the exporter of type datadog_logs.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability))
}

func createDefaultConfig() component.Config {
	client := httpsend.DefaultClient()
	client.Compression = configcompression.TypeGzip
	return &Config{
		API:          APIConfig{Site: "datadoghq.com"},
		Oversize:     OversizeTruncate,
		TooOld:       TooOldSend,
		ClientConfig: client,
		QueueConfig:  httpsend.DefaultQueue(),
		RetryConfig:  httpsend.DefaultRetry(),
	}
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	config := cfg.(*Config)
	e, err := newExporter(set, config)
	if err != nil {
		return nil, err
	}
	return httpsend.NewLogs(ctx, set, httpsend.Backend{
		Format: e.format, Encode: e.encode, Sift: e.sift, Delivered: e.delivered, Quarantined: e.quarantined,
		Start: e.start, Shutdown: e.shutdown,
		Queue: config.QueueConfig, Retry: config.RetryConfig,
		Damage: queuestore.Damage{Logger: set.Logger, Counter: e.telemetry.ExporterDatadogLogsQueueDamage, Options: []metric.AddOption{e.measured()}},
	})
}
