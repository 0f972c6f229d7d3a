package datadoglogsexporter

import (
	"context"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

type datadogExporter struct {
	cfg       *Config
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	metrics   httpsend.Metrics
	drops     *httpsend.Drops
	reserved  reservedCache
	format    *payload.Format

	running    context.Context // ends with the exporter; the start's context ends with the start
	cancel     context.CancelFunc
	background sync.WaitGroup // the key's check

	firstOld, firstTruncated sync.Once
}

func newExporter(set exporter.Settings, cfg *Config) (*datadogExporter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	e := &datadogExporter{cfg: cfg, telemetry: telemetry, metrics: metricsOf(telemetry, set.ID), format: cfg.format()}
	e.running, e.cancel = context.WithCancel(context.Background())
	return e.with(set.Logger, e.metrics.NewDrops(set.Logger)), nil
}

// with returns e with another logger and other drops.
func (e *datadogExporter) with(logger *zap.Logger, drops *httpsend.Drops) *datadogExporter {
	return &datadogExporter{
		cfg: e.cfg, telemetry: e.telemetry, metrics: e.metrics, format: e.format, running: e.running, cancel: e.cancel,
		logger: logger, drops: drops,
	}
}

// Headers: https://docs.datadoghq.com/api/latest/logs/#send-logs. The origin
// is what Datadog's own agent and other senders tell of themselves.
const (
	headerKey           = "Dd-Api-Key"
	headerOrigin        = "Dd-Evp-Origin"
	headerOriginVersion = "Dd-Evp-Origin-Version"
)

const origin = "otelcol-stytch"

// target is where the configuration says that payloads go.
func (cfg *Config) target(version string) (httpsend.Target, error) {
	url, err := cfg.url()
	return httpsend.Target{
		URL: url,
		Header: http.Header{
			"Content-Type":      {"application/json"},
			headerKey:           {string(cfg.API.Key)},
			headerOrigin:        {origin},
			headerOriginVersion: {version},
		},
		Secrets: []configopaque.String{cfg.API.Key},
	}, err
}

// backend is complete but for the Target.
func (e *datadogExporter) backend() httpsend.Backend {
	return httpsend.Backend{
		Format:    e.format,
		Encode:    e.encode,
		Filter:    e.filter,
		Classify:  classify,
		Keys:      httpsend.Keys{Address: "api::site or endpoint", Credentials: "api::key and api::site", Encoding: "compression"}, //nolint:gosec // names of keys
		Client:    e.cfg.ClientConfig,
		Queue:     e.cfg.QueueConfig,
		Retry:     e.cfg.RetryConfig,
		Metrics:   e.metrics,
		Drops:     e.drops,
		Delivered: e.delivered,
		Observe:   e.observe,
		Started:   e.started,
		Shutdown:  e.shutdown,
	}
}

func (e *datadogExporter) started(ctx context.Context, s *httpsend.Sender) error {
	e.begin(ctx)
	e.warn()
	return e.checkKey(ctx, s)
}

// warn logs what is unusual in the configuration, but can be right.
func (e *datadogExporter) warn() {
	httpsend.WarnOfNumbers(e.logger, e.cfg.API.numbers)
	if _, known := e.cfg.API.site(); !known && e.cfg.ClientConfig.Endpoint == "" {
		e.logger.Warn("api::site is none of Datadog's known sites and used as it is written", zap.String("site", e.cfg.API.Site))
	}
	if !usualKey.MatchString(string(e.cfg.API.Key)) {
		e.logger.Warn("api::key does not look like an API key, which is 32 characters 0-9a-f")
	}
}

func (e *datadogExporter) shutdown() {
	e.cancel()
	e.background.Wait()
	e.telemetry.Shutdown()
}
