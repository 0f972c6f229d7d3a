package lokiexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/lokiexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// NewFactory returns the factory of the exporter of type loki.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability))
}

// maxRequestBytes is the default size of a request. It is well below what Loki
// takes at once by default, 6 MB, and below the 1 MB at which a web server that
// stands before it often stops: https://nginx.org/r/client_max_body_size.
const maxRequestBytes = 1_000_000

func createDefaultConfig() component.Config {
	return &Config{
		TooOld:          httpsend.TooOldSend,
		Encoding:        encodingJSON,
		MaxRequestBytes: maxRequestBytes,
		ClientConfig:    httpsend.DefaultClient(),
		QueueConfig:     httpsend.DefaultQueue(),
		RetryConfig:     httpsend.DefaultRetry(),
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
	if b.Target, err = e.target(e.cfg); err != nil {
		return nil, err
	}
	return httpsend.NewLogs(ctx, set, b)
}
