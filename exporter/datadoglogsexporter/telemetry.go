package datadoglogsexporter

import (
	"context"
	"errors"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

var (
	errTooOld   = errors.New("older than 18 hours: Datadog would not show it")
	errTooLarge = errors.New("larger than 1,000,000 bytes: Datadog would cut it")
)

// tally is how many records came to what.
type tally struct {
	delivered, truncated    int // truncated are among the delivered
	old                     int // delivered or not
	droppedOld, droppedSize int
}

// count tells of records that are done with.
func (e *datadogExporter) count(t tally) {
	ctx := context.Background()
	if t.delivered > 0 {
		e.telemetry.ExporterDatadogLogsDeliveredEvents.Add(ctx, int64(t.delivered), e.measured())
	}
	if t.truncated > 0 {
		e.telemetry.ExporterDatadogLogsTruncatedEvents.Add(ctx, int64(t.truncated), e.measured())
		e.firstTruncated.Do(func() {
			e.set.Logger.Warn("Shortened an event; further ones are only counted", zap.Error(errTooLarge))
		})
	}
	if t.old > 0 {
		e.telemetry.ExporterDatadogLogsTooOldEvents.Add(ctx, int64(t.old), e.measured())
	}
	if t.old > t.droppedOld {
		e.firstOld.Do(func() {
			e.set.Logger.Warn("Sent an event all the same; further ones are only counted", zap.Error(errTooOld))
		})
	}
	if t.droppedOld > 0 {
		e.drops.Add(httpsend.ReasonTooOld, t.droppedOld, errTooOld)
	}
	if t.droppedSize > 0 {
		e.drops.Add(httpsend.ReasonTooLarge, t.droppedSize, errTooLarge)
	}
}

// begin exports every counter from the start on, at 0: an alert on its rise needs
// the point before the first one.
func (e *datadogExporter) begin(ctx context.Context) {
	e.telemetry.ExporterDatadogLogsDeliveredEvents.Add(ctx, 0, e.measured())
	e.telemetry.ExporterDatadogLogsTruncatedEvents.Add(ctx, 0, e.measured())
	e.telemetry.ExporterDatadogLogsTooOldEvents.Add(ctx, 0, e.measured())
	for _, form := range []string{"payload", "wire"} {
		e.telemetry.ExporterDatadogLogsDeliveredBytes.Add(ctx, 0, e.measured(attribute.String("form", form)))
	}
	for _, reason := range []string{httpsend.ReasonRejected, httpsend.ReasonTooLarge, httpsend.ReasonTooOld} {
		e.telemetry.ExporterDatadogLogsDroppedEvents.Add(ctx, 0, e.measured(attribute.String("reason", reason)))
	}
	for _, code := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
		e.telemetry.ExporterDatadogLogsSplits.Add(ctx, 0, e.measured(attribute.Int("http.response.status_code", code)))
	}
	for _, kind := range []string{"item", "index"} {
		e.telemetry.ExporterDatadogLogsQueueDamage.Add(ctx, 0, e.measured(attribute.String("kind", kind)))
	}
}

func (e *datadogExporter) quarantined(records int) {
	e.telemetry.ExporterDatadogLogsQuarantinedEvents.Record(context.Background(), int64(records), e.measured())
}

// observe measures a request.
func (e *datadogExporter) observe(ctx context.Context, x httpsend.Exchange) {
	code := e.measured(attribute.Int("http.response.status_code", x.Code))
	e.telemetry.ExporterDatadogLogsRequestDuration.Record(ctx, x.Took.Seconds(), code)
	e.telemetry.ExporterDatadogLogsPayloadSize.Record(ctx, int64(x.Size), e.measured())
	switch {
	case x.Verdict == httpsend.Delivered:
		e.telemetry.ExporterDatadogLogsDeliveredBytes.Add(ctx, int64(x.Size), e.measured(attribute.String("form", "payload")))
		e.telemetry.ExporterDatadogLogsDeliveredBytes.Add(ctx, int64(x.Wire), e.measured(attribute.String("form", "wire")))
	case x.Records > 1 && (x.Verdict == httpsend.Split || x.Verdict == httpsend.Isolate):
		e.telemetry.ExporterDatadogLogsSplits.Add(ctx, 1, code)
	}
}
