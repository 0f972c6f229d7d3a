package lokiexporter

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/lokiexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

type lokiExporter struct {
	cfg       *Config
	set       exporter.Settings
	telemetry *metadata.TelemetryBuilder
	measured  func(...attribute.KeyValue) metric.MeasurementOption
	drops     *httpsend.Drops
	scheme    *scheme
	wire      wire
	sender    *httpsend.Sender
}

func newExporter(set exporter.Settings, cfg *Config) (*lokiExporter, error) {
	wire, err := cfg.wire()
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	measured := httpsend.Measured(set.ID)
	drops := httpsend.NewDrops(set.Logger, func(reason string, records int) {
		telemetry.ExporterLokiDroppedEvents.Add(context.Background(), int64(records), measured(attribute.String("reason", reason)))
	})
	return &lokiExporter{
		cfg: cfg, set: set, telemetry: telemetry, measured: measured, drops: drops, scheme: newScheme(cfg), wire: wire,
	}, nil
}

// start builds the client: the extensions that it may need exist only now.
func (e *lokiExporter) start(ctx context.Context, host component.Host) error {
	url, err := e.cfg.url()
	if err != nil {
		return err
	}
	client, err := httpsend.NewClient(ctx, e.cfg.ClientConfig, host, e.set.TelemetrySettings)
	if err != nil {
		return err
	}
	e.sender = &httpsend.Sender{
		Client:  client,
		URL:     url,
		Header:  e.header(),
		Secrets: e.cfg.secrets(),
		Encode:  e.wire.compress,
		Judge:   judge,
		HoldFor: e.cfg.RetryConfig.MaxInterval,
		Drops:   e.drops,
		Observe: e.observe,
		Report:  func(event *componentstatus.Event) { componentstatus.ReportStatus(host, event) },
	}
	return nil
}

func (e *lokiExporter) header() http.Header {
	header := http.Header{}
	header.Set("Content-Type", e.wire.ContentType())
	if e.wire.contentEncoding != "" {
		header.Set("Content-Encoding", e.wire.contentEncoding)
	}
	header.Set("User-Agent", e.set.BuildInfo.Command+"/"+e.set.BuildInfo.Version)
	if e.cfg.TenantID != "" {
		header.Set("X-Scope-OrgID", e.cfg.TenantID)
	}
	if e.cfg.Username != "" {
		header.Set("Authorization", "Basic "+string(e.cfg.credentials()))
	}
	return header
}

func (e *lokiExporter) shutdown(context.Context) error {
	e.telemetry.Shutdown()
	if e.sender != nil {
		e.sender.Client.CloseIdleConnections()
	}
	return nil
}

var errOutOfWindow = errors.New("Loki takes no entry that is older than 7 days or more than 10 minutes ahead")

// push sends what Loki will take. The records that it will not are counted here
// and are no part of what is tried again.
func (e *lokiExporter) push(ctx context.Context, ld plog.Logs) error {
	now, within := time.Now(), always
	if e.cfg.TooOld == dropTooOld {
		within = defaultWindow(now)
	}
	b, before, after := newBatch(ld, e.scheme, e.wire.Encoding, now, within)
	b.maxRequest, b.done = e.cfg.MaxRequestBytes, func(lines []lokipush.Line) { e.delivered(ctx, lines) }
	if before > 0 {
		e.drops.Add(httpsend.ReasonTooOld, before, errOutOfWindow)
	}
	if after > 0 {
		e.drops.Add(httpsend.ReasonRejected, after, errOutOfWindow)
	}
	rest, err := e.sender.Send(ctx, b)
	if err != nil {
		return httpsend.RetryError(err, ld, rest, b.records)
	}
	return nil
}

func (e *lokiExporter) delivered(ctx context.Context, lines []lokipush.Line) {
	size := 0
	for i := range lines {
		size += len(lines[i].Text)
	}
	e.telemetry.ExporterLokiDeliveredEvents.Add(ctx, int64(len(lines)), e.measured())
	e.telemetry.ExporterLokiDeliveredBytes.Add(ctx, int64(size), e.measured())
}

func (e *lokiExporter) observe(ctx context.Context, x httpsend.Exchange) {
	code := e.measured(attribute.Int("http.response.status_code", x.Code))
	e.telemetry.ExporterLokiRequestDuration.Record(ctx, x.Took.Seconds(), code)
	if halved := x.Verdict == httpsend.Split || x.Verdict == httpsend.Isolate; halved && x.Records > 1 {
		e.telemetry.ExporterLokiSplits.Add(ctx, 1, code)
	}
}
