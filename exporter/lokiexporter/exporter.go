package lokiexporter

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/lokiexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

type lokiExporter struct {
	cfg       *Config
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	metrics   httpsend.Metrics
	drops     *httpsend.Drops
	mapping   *labelMapping
	encoder   *encoder
	lineForm  metric.MeasurementOption // of the delivered bytes
}

func newExporter(set exporter.Settings, cfg *Config) (*lokiExporter, error) {
	encoder, err := cfg.encoder()
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	e := &lokiExporter{cfg: cfg, telemetry: telemetry, mapping: newLabelMapping(cfg), encoder: encoder}
	e.metrics = httpsend.Metrics{
		Attributes:        httpsend.MetricAttributes(set.ID),
		DeliveredEvents:   telemetry.ExporterLokiDeliveredEvents,
		DroppedEvents:     telemetry.ExporterLokiDroppedEvents,
		QuarantinedEvents: telemetry.ExporterLokiQuarantinedEvents,
		QueueDamage:       telemetry.ExporterLokiQueueDamage,
		RequestDuration:   telemetry.ExporterLokiRequestDuration,
		Splits:            telemetry.ExporterLokiSplits,
	}
	e.lineForm = e.metrics.Attributes(attribute.String("form", "line"))
	return e.with(set.Logger, e.metrics.NewDrops(set.Logger)), nil
}

// with returns e with another logger and other drops.
func (e *lokiExporter) with(logger *zap.Logger, drops *httpsend.Drops) *lokiExporter {
	one := *e
	one.logger, one.drops = logger, drops
	return &one
}

// backend is complete but for the Target.
func (e *lokiExporter) backend() httpsend.Backend {
	return httpsend.Backend{
		Format:    e.encoder.format,
		Encode:    e.encode,
		Filter:    e.filter,
		Classify:  classify,
		Keys:      httpsend.Keys{Address: "hostname or endpoint", Credentials: "username, password and tenant_id", Encoding: "encoding and compression"},
		Client:    e.cfg.ClientConfig,
		Queue:     e.cfg.QueueConfig,
		Retry:     e.cfg.RetryConfig,
		Metrics:   e.metrics,
		Drops:     e.drops,
		Delivered: e.delivered,
		Started:   e.started,
		Shutdown:  e.telemetry.Shutdown,
	}
}

// target is where a configuration says that payloads go.
func (e *lokiExporter) target(cfg *Config) (httpsend.Target, error) {
	url, err := cfg.url()
	header := http.Header{"Content-Type": {e.encoder.ContentType()}}
	if cfg.TenantID != "" {
		header.Set("X-Scope-OrgID", cfg.TenantID)
	}
	if cfg.Username != "" {
		header.Set("Authorization", "Basic "+string(cfg.credentials()))
	}
	return httpsend.Target{URL: url, Header: header, Secrets: cfg.secrets()}, err
}

func (e *lokiExporter) started(ctx context.Context, _ *httpsend.Sender) error {
	httpsend.WarnOfNumbers(e.logger, e.cfg.numbers)
	e.telemetry.ExporterLokiDeliveredBytes.Add(ctx, 0, e.lineForm)
	return nil
}

var errOutOfWindow = errors.New("Loki takes no entry that is older than 7 days or more than 10 minutes ahead")

func (e *lokiExporter) encode(ld plog.Logs) *payload.Request {
	return e.encoder.encode(ld, e.mapping, time.Now())
}

// filter leaves out, and counts, the records that Loki will not take.
func (e *lokiExporter) filter(r *payload.Request) (*payload.Request, error) {
	if e.cfg.TooOld != httpsend.TooOldDrop {
		return r, nil
	}
	within, before, after, err := outside(r, time.Now())
	if err != nil {
		return nil, err
	}
	if before > 0 {
		e.drops.Add(httpsend.ReasonTooOld, before, errOutOfWindow)
	}
	if after > 0 {
		e.drops.Add(httpsend.ReasonRejected, after, errOutOfWindow)
	}
	return within, nil
}

func (e *lokiExporter) delivered(records []payload.Record) {
	size := 0
	for i := range records {
		size += int(records[i].Text)
	}
	e.telemetry.ExporterLokiDeliveredBytes.Add(context.Background(), int64(size), e.lineForm)
}
