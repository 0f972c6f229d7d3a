package datadoglogsexporter

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

var (
	errTooOld   = errors.New("older than 18 hours: Datadog would not show it")
	errTooLarge = errors.New("larger than 1,000,000 bytes: Datadog would cut it")
)

// tally counts records by what became of them.
type tally struct {
	truncated               int
	old                     int // delivered or not
	droppedOld, droppedSize int
}

// count counts and logs records that are finished.
func (e *datadogExporter) count(t tally) {
	ctx := context.Background()
	if t.truncated > 0 {
		e.telemetry.ExporterDatadogLogsTruncatedEvents.Add(ctx, int64(t.truncated), e.metrics.Attributes())
		e.firstTruncated.Do(func() {
			e.logger.Warn("Truncated an event; further ones are only counted", zap.Error(errTooLarge))
		})
	}
	if t.old > 0 {
		e.telemetry.ExporterDatadogLogsTooOldEvents.Add(ctx, int64(t.old), e.metrics.Attributes())
	}
	if t.old > t.droppedOld {
		e.firstOld.Do(func() {
			e.logger.Warn("Sent an event all the same; further ones are only counted", zap.Error(errTooOld))
		})
	}
	if t.droppedOld > 0 {
		e.drops.Add(httpsend.ReasonTooOld, t.droppedOld, errTooOld)
	}
	if t.droppedSize > 0 {
		e.drops.Add(httpsend.ReasonTooLarge, t.droppedSize, errTooLarge)
	}
}

// begin exports every counter of this exporter alone from the start on, at 0.
func (e *datadogExporter) begin(ctx context.Context) {
	e.telemetry.ExporterDatadogLogsTruncatedEvents.Add(ctx, 0, e.metrics.Attributes())
	e.telemetry.ExporterDatadogLogsTooOldEvents.Add(ctx, 0, e.metrics.Attributes())
	e.deliveredBytes(ctx, 0, 0)
}

// observe measures a request.
func (e *datadogExporter) observe(ctx context.Context, x httpsend.Attempt) {
	e.telemetry.ExporterDatadogLogsPayloadSize.Record(ctx, int64(x.Size), e.metrics.Attributes())
	if x.Outcome == httpsend.Delivered {
		e.deliveredBytes(ctx, x.Size, x.Wire)
	}
}

func (e *datadogExporter) deliveredBytes(ctx context.Context, payload, wire int) {
	e.telemetry.ExporterDatadogLogsDeliveredBytes.Add(ctx, int64(payload), e.metrics.Attributes(attribute.String("form", "payload")))
	e.telemetry.ExporterDatadogLogsDeliveredBytes.Add(ctx, int64(wire), e.metrics.Attributes(attribute.String("form", "wire")))
}

func metricsOf(t *metadata.TelemetryBuilder, id component.ID) httpsend.Metrics {
	return httpsend.Metrics{
		Attributes:        httpsend.MetricAttributes(id),
		DeliveredEvents:   t.ExporterDatadogLogsDeliveredEvents,
		DroppedEvents:     t.ExporterDatadogLogsDroppedEvents,
		QuarantinedEvents: t.ExporterDatadogLogsQuarantinedEvents,
		QueueDamage:       t.ExporterDatadogLogsQueueDamage,
		RequestDuration:   t.ExporterDatadogLogsRequestDuration,
		Splits:            t.ExporterDatadogLogsSplits,
	}
}
