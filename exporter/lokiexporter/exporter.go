package lokiexporter

import (
	"context"
	"encoding/base64"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/lokiexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

type lokiExporter struct {
	cfg       *Config
	set       exporter.Settings
	telemetry *metadata.TelemetryBuilder
	drops     *httpsend.Drops
	sender    *httpsend.Sender
}

func newExporter(set exporter.Settings, cfg *Config) (*lokiExporter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	drops := httpsend.NewDrops(set.Logger, func(reason string, records int) {
		telemetry.ExporterLokiDroppedEvents.Add(context.Background(), int64(records),
			metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", reason))))
	})
	return &lokiExporter{cfg: cfg, set: set, telemetry: telemetry, drops: drops}, nil
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
		Secrets: []configopaque.String{e.cfg.Password, e.cfg.credentials()},
		Encode:  httpsend.Gzip,
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
	header.Set("Content-Type", "application/json")
	header.Set("Content-Encoding", "gzip")
	header.Set("User-Agent", e.set.BuildInfo.Command+"/"+e.set.BuildInfo.Version)
	if e.cfg.TenantID != "" {
		header.Set("X-Scope-OrgID", e.cfg.TenantID)
	}
	if e.cfg.Username != "" {
		header.Set("Authorization", "Basic "+string(e.cfg.credentials()))
	}
	return header
}

// credentials are those of Basic authentication, as they stand in the header.
func (cfg *Config) credentials() configopaque.String {
	return configopaque.String(base64.StdEncoding.EncodeToString([]byte(cfg.Username + ":" + string(cfg.Password))))
}

// judge reads Loki's answers. Of the 2xx only 200 and 204 mean stored: 260 is
// what a tenant answers whose ingestion is blocked, and it stores nothing:
// https://grafana.com/docs/loki/latest/operations/block-ingestion/.
func judge(code int, _ []byte) httpsend.Ruling {
	verdict := httpsend.Judge(code)
	if verdict == httpsend.Delivered && code != http.StatusOK && code != http.StatusNoContent {
		verdict = httpsend.Hold
	}
	return httpsend.Ruling{Verdict: verdict}
}

func (e *lokiExporter) shutdown(context.Context) error {
	e.telemetry.Shutdown()
	if e.sender != nil {
		e.sender.Client.CloseIdleConnections()
	}
	return nil
}

func (e *lokiExporter) push(ctx context.Context, ld plog.Logs) error {
	b := newBatch(ld)
	rest, err := e.sender.Send(ctx, b)
	if err != nil {
		return httpsend.RetryError(err, ld, rest, b.positions())
	}
	return nil
}

func (e *lokiExporter) observe(ctx context.Context, x httpsend.Exchange) {
	e.telemetry.ExporterLokiRequestDuration.Record(ctx, x.Took.Seconds(),
		metric.WithAttributeSet(attribute.NewSet(attribute.Int("http.response.status_code", x.Code))))
}
