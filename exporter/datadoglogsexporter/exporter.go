package datadoglogsexporter

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

type datadogExporter struct {
	cfg       *Config
	set       exporter.Settings
	telemetry *metadata.TelemetryBuilder
	drops     *httpsend.Drops
	sender    *httpsend.Sender
}

func newExporter(set exporter.Settings, cfg *Config) (*datadogExporter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	drops := httpsend.NewDrops(set.Logger, func(reason string, records int) {
		telemetry.ExporterDatadogLogsDroppedEvents.Add(context.Background(), int64(records),
			metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", reason))))
	})
	return &datadogExporter{cfg: cfg, set: set, telemetry: telemetry, drops: drops}, nil
}

// start builds the client: the extensions that it may need exist only now.
func (e *datadogExporter) start(ctx context.Context, host component.Host) error {
	url, err := e.cfg.url()
	if err != nil {
		return err
	}
	client, err := httpsend.NewClient(ctx, e.cfg.ClientConfig, host, e.set.TelemetrySettings)
	if err != nil {
		return err
	}
	e.sender = &httpsend.Sender{
		Client: client,
		URL:    url,
		Header: http.Header{
			"Content-Type":     {"application/json"},
			"Content-Encoding": {"gzip"},
			"User-Agent":       {e.set.BuildInfo.Command + "/" + e.set.BuildInfo.Version},
			"Dd-Api-Key":       {string(e.cfg.API.Key)},
		},
		Secrets: []configopaque.String{e.cfg.API.Key},
		Encode:  httpsend.Gzip,
		HoldFor: e.cfg.RetryConfig.MaxInterval,
		Drops:   e.drops,
		Observe: e.observe,
		Report:  func(event *componentstatus.Event) { componentstatus.ReportStatus(host, event) },
	}
	return nil
}

func (e *datadogExporter) shutdown(context.Context) error {
	e.telemetry.Shutdown()
	if e.sender != nil {
		e.sender.Client.CloseIdleConnections()
	}
	return nil
}

func (e *datadogExporter) push(ctx context.Context, ld plog.Logs) error {
	b := newBatch(ld, e.cfg.Tags)
	rest, err := e.sender.Send(ctx, b)
	if err != nil {
		return httpsend.RetryError(err, ld, rest, nil)
	}
	return nil
}

func (e *datadogExporter) observe(ctx context.Context, x httpsend.Exchange) {
	e.telemetry.ExporterDatadogLogsRequestDuration.Record(ctx, x.Took.Seconds(),
		metric.WithAttributeSet(attribute.NewSet(attribute.Int("http.response.status_code", x.Code))))
}
