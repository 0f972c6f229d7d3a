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
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

type lokiExporter struct {
	cfg       *Config
	set       exporter.Settings
	telemetry *metadata.TelemetryBuilder
	measured  func(...attribute.KeyValue) metric.MeasurementOption
	drops     *httpsend.Drops
	scheme    *scheme
	wire      *wire
	client    *http.Client
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
func (e *lokiExporter) start(ctx context.Context, host component.Host) (*httpsend.Sender, error) {
	url, err := e.cfg.url()
	if err != nil {
		return nil, err
	}
	client, fresh, err := httpsend.NewClients(ctx, e.cfg.ClientConfig, host, e.set)
	if err != nil {
		return nil, err
	}
	httpsend.WarnOfNumbers(e.set.Logger, e.cfg.numbers)
	e.begin(ctx)
	e.client = client
	return &httpsend.Sender{
		Client:  client,
		Fresh:   fresh,
		URL:     url,
		Header:  e.header(),
		Secrets: e.cfg.secrets(),
		Judge:   judge,
		HoldFor: e.cfg.RetryConfig.MaxInterval,
		Drops:   e.drops,
		Observe: e.observe,
		Report:  func(event *componentstatus.Event) { componentstatus.ReportStatus(host, event) },
		Keys:    httpsend.Keys{Address: "hostname or endpoint", Credentials: "username, password and tenant_id", Encoding: "encoding and compression"},
	}, nil
}

// begin exports every counter from the start on, at 0: an alert on its rise needs
// the point before the first one.
func (e *lokiExporter) begin(ctx context.Context) {
	e.telemetry.ExporterLokiDeliveredEvents.Add(ctx, 0, e.measured())
	e.telemetry.ExporterLokiDeliveredBytes.Add(ctx, 0, e.measured())
	for _, reason := range []string{httpsend.ReasonRejected, httpsend.ReasonTooLarge, httpsend.ReasonTooOld} {
		e.telemetry.ExporterLokiDroppedEvents.Add(ctx, 0, e.measured(attribute.String("reason", reason)))
	}
	for _, code := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
		e.telemetry.ExporterLokiSplits.Add(ctx, 0, e.measured(attribute.Int("http.response.status_code", code)))
	}
	for _, kind := range []string{"item", "index"} {
		e.telemetry.ExporterLokiQueueDamage.Add(ctx, 0, e.measured(attribute.String("kind", kind)))
	}
}

func (e *lokiExporter) header() http.Header {
	header := http.Header{}
	header.Set("Content-Type", e.wire.ContentType())
	if encoding := e.wire.format.Codec.ContentEncoding; encoding != "" {
		header.Set("Content-Encoding", encoding)
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
	if e.client != nil {
		e.client.CloseIdleConnections()
	}
	return nil
}

var errOutOfWindow = errors.New("Loki takes no entry that is older than 7 days or more than 10 minutes ahead")

func (e *lokiExporter) encode(ld plog.Logs) *payload.Request {
	return e.wire.encode(ld, e.scheme, time.Now())
}

// sift leaves out, and counts, what Loki will not take.
func (e *lokiExporter) sift(r *payload.Request) (*payload.Request, error) {
	if e.cfg.TooOld != dropTooOld {
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
	e.telemetry.ExporterLokiDeliveredEvents.Add(context.Background(), int64(len(records)), e.measured())
	e.telemetry.ExporterLokiDeliveredBytes.Add(context.Background(), int64(size), e.measured())
}

func (e *lokiExporter) quarantined(records int) {
	e.telemetry.ExporterLokiQuarantinedEvents.Record(context.Background(), int64(records), e.measured())
}

func (e *lokiExporter) observe(ctx context.Context, x httpsend.Exchange) {
	code := e.measured(attribute.Int("http.response.status_code", x.Code))
	e.telemetry.ExporterLokiRequestDuration.Record(ctx, x.Took.Seconds(), code)
	if halved := x.Verdict == httpsend.Split || x.Verdict == httpsend.Isolate; halved && x.Records > 1 {
		e.telemetry.ExporterLokiSplits.Add(ctx, 1, code)
	}
}
