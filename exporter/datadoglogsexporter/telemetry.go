package datadoglogsexporter

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

var (
	errTooOld   = errors.New("older than 18 hours: Datadog would not show it")
	errTooLarge = errors.New("larger than 1,000,000 bytes: Datadog would cut it")
)

// tally counts records that are done with.
func (e *datadogExporter) tally(t tally) {
	ctx := context.Background()
	if t.delivered > 0 {
		e.telemetry.ExporterDatadogLogsDeliveredEvents.Add(ctx, int64(t.delivered))
	}
	if t.truncated > 0 {
		e.telemetry.ExporterDatadogLogsTruncatedEvents.Add(ctx, int64(t.truncated))
		e.firstTruncated.Do(func() {
			e.set.Logger.Warn("Shortened an event; further ones are only counted", zap.Error(errTooLarge))
		})
	}
	if t.old > 0 {
		e.telemetry.ExporterDatadogLogsTooOldEvents.Add(ctx, int64(t.old))
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

// The forms in which delivered bytes are counted.
var (
	formPayload = metric.WithAttributeSet(attribute.NewSet(attribute.String("form", "payload")))
	formWire    = metric.WithAttributeSet(attribute.NewSet(attribute.String("form", "wire")))
)

// observe measures a request.
func (e *datadogExporter) observe(ctx context.Context, x httpsend.Exchange) {
	code := metric.WithAttributeSet(attribute.NewSet(attribute.Int("http.response.status_code", x.Code)))
	e.telemetry.ExporterDatadogLogsRequestDuration.Record(ctx, x.Took.Seconds(), code)
	e.telemetry.ExporterDatadogLogsPayloadSize.Record(ctx, int64(x.Size))
	switch {
	case x.Verdict == httpsend.Delivered:
		e.telemetry.ExporterDatadogLogsDeliveredBytes.Add(ctx, int64(x.Size), formPayload)
		e.telemetry.ExporterDatadogLogsDeliveredBytes.Add(ctx, int64(x.Wire), formWire)
	case x.Records > 1 && (x.Verdict == httpsend.Split || x.Verdict == httpsend.Isolate):
		e.telemetry.ExporterDatadogLogsSplits.Add(ctx, 1, code)
	}
}
