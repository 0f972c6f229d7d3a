package datadoglogsexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
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
		API:          APIConfig{Site: defaultSite},
		Oversize:     OversizeTruncate,
		TooOld:       httpsend.TooOldSend,
		ClientConfig: client,
		QueueConfig:  httpsend.DefaultQueue(),
		RetryConfig:  httpsend.DefaultRetry(),
	}
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	e, err := newExporter(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	if e.cfg.Management != nil {
		return e.managed(set)
	}
	b := e.backend()
	if b.Target, err = e.cfg.target(set.BuildInfo.Version); err != nil {
		return nil, err
	}
	return httpsend.NewLogs(ctx, set, b)
}
