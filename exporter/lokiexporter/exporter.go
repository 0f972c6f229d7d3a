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
	if err := httpsend.CheckAuthenticator(ctx, e.cfg.ClientConfig, host, e.set.ID); err != nil {
		return err
	}
	url, err := e.cfg.url()
	if err != nil {
		return err
	}
	client, err := httpsend.NewClient(ctx, e.cfg.ClientConfig, host, e.set.TelemetrySettings)
	if err != nil {
		return err
	}
	httpsend.WarnOfNumbers(e.set.Logger, e.cfg.numbers)
	e.sender = &httpsend.Sender{
		Client:  client,
		URL:     url,
		Header:  e.header(),
		Secrets: e.cfg.secrets(),
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
	if e.sender != nil {
		e.sender.Client.CloseIdleConnections()
	}
	return nil
}

var errOutOfWindow = errors.New("Loki takes no entry that is older than 7 days or more than 10 minutes ahead")

func (e *lokiExporter) encode(ld plog.Logs) *payload.Request {
	return e.wire.encode(ld, e.scheme, time.Now())
}

// push sends what Loki will take. The records that it will not are counted here
// and are no part of what is tried again.
func (e *lokiExporter) push(ctx context.Context, r *payload.Request) error {
	if e.cfg.TooOld == dropTooOld {
		within, before, after, err := outside(r, time.Now())
		if err != nil {
			return err
		}
		if before > 0 {
			e.drops.Add(httpsend.ReasonTooOld, before, errOutOfWindow)
		}
		if after > 0 {
			e.drops.Add(httpsend.ReasonRejected, after, errOutOfWindow)
		}
		r = within
	}
	events, size := 0, 0
	err := e.sender.Send(ctx, payload.NewBatch(r), func(delivered []payload.Record) {
		events += len(delivered)
		for i := range delivered {
			size += int(delivered[i].Text)
		}
	})
	if events > 0 {
		e.telemetry.ExporterLokiDeliveredEvents.Add(ctx, int64(events), e.measured())
		e.telemetry.ExporterLokiDeliveredBytes.Add(ctx, int64(size), e.measured())
	}
	return err
}

func (e *lokiExporter) observe(ctx context.Context, x httpsend.Exchange) {
	code := e.measured(attribute.Int("http.response.status_code", x.Code))
	e.telemetry.ExporterLokiRequestDuration.Record(ctx, x.Took.Seconds(), code)
	if halved := x.Verdict == httpsend.Split || x.Verdict == httpsend.Isolate; halved && x.Records > 1 {
		e.telemetry.ExporterLokiSplits.Add(ctx, 1, code)
	}
}
