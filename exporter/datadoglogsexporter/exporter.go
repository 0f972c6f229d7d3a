package datadoglogsexporter

import (
	"context"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

type datadogExporter struct {
	cfg       *Config
	set       exporter.Settings
	telemetry *metadata.TelemetryBuilder
	measured  func(...attribute.KeyValue) metric.MeasurementOption
	drops     *httpsend.Drops
	labeler   labeler
	format    *payload.Format
	sender    *httpsend.Sender

	// The key's check.
	cancel     context.CancelFunc
	background sync.WaitGroup

	firstOld, firstTruncated sync.Once
}

func newExporter(set exporter.Settings, cfg *Config) (*datadogExporter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	measured := httpsend.Measured(set.ID)
	drops := httpsend.NewDrops(set.Logger, func(reason string, records int) {
		telemetry.ExporterDatadogLogsDroppedEvents.Add(context.Background(), int64(records), measured(attribute.String("reason", reason)))
	})
	return &datadogExporter{cfg: cfg, set: set, telemetry: telemetry, measured: measured, drops: drops, format: cfg.format()}, nil
}

// Headers: https://docs.datadoghq.com/api/latest/logs/#send-logs. The origin
// is what Datadog's own agent and other senders tell of themselves.
const (
	headerKey           = "Dd-Api-Key"
	headerOrigin        = "Dd-Evp-Origin"
	headerOriginVersion = "Dd-Evp-Origin-Version"
)

const origin = "otelcol-stytch"

// start builds the client: the extensions that it may need exist only now.
func (e *datadogExporter) start(ctx context.Context, host component.Host) (*httpsend.Sender, error) {
	url, err := e.cfg.url()
	if err != nil {
		return nil, err
	}
	client, fresh, err := httpsend.NewClients(ctx, e.cfg.ClientConfig, host, e.set)
	if err != nil {
		return nil, err
	}
	header := http.Header{
		"Content-Type":      {"application/json"},
		"User-Agent":        {e.userAgent()},
		headerKey:           {string(e.cfg.API.Key)},
		headerOrigin:        {origin},
		headerOriginVersion: {e.set.BuildInfo.Version},
	}
	if encoding := e.format.Codec.ContentEncoding; encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	e.sender = &httpsend.Sender{
		Client:  client,
		Fresh:   fresh,
		URL:     url,
		Header:  header,
		Secrets: append(httpsend.Secrets(e.cfg.ClientConfig), e.cfg.API.Key),
		Judge:   judge,
		HoldFor: e.cfg.RetryConfig.MaxInterval,
		Drops:   e.drops,
		Observe: e.observe,
		Report:  func(event *componentstatus.Event) { componentstatus.ReportStatus(host, event) },
		Keys:    httpsend.Keys{Address: "api::site or endpoint", Credentials: "api::key and api::site", Encoding: "compression"}, //nolint:gosec // names of keys
	}
	e.begin(ctx)
	e.warn()
	return e.sender, e.checkKey(ctx)
}

// warn tells what is unusual in the configuration, and yet may be right.
func (e *datadogExporter) warn() {
	httpsend.WarnOfNumbers(e.set.Logger, e.cfg.API.numbers)
	if _, known := e.cfg.API.site(); !known && e.cfg.ClientConfig.Endpoint == "" {
		e.set.Logger.Warn("api::site is none of Datadog's known sites and used as it is written", zap.String("site", e.cfg.API.Site))
	}
	if !usualKey.MatchString(string(e.cfg.API.Key)) {
		e.set.Logger.Warn("api::key does not look like an API key, which is 32 characters 0-9a-f")
	}
}

func (e *datadogExporter) userAgent() string {
	return e.set.BuildInfo.Command + "/" + e.set.BuildInfo.Version
}

func (e *datadogExporter) shutdown(context.Context) error {
	if e.cancel != nil {
		e.cancel()
	}
	e.background.Wait()
	e.telemetry.Shutdown()
	if e.sender != nil {
		e.sender.Client.CloseIdleConnections()
	}
	return nil
}
