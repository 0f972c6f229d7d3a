package httpsend

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// MetricAttributes returns a function that makes the attributes of a measurement:
// the exporter's id, as exporterhelper's own metrics have it, and those that are
// passed.
func MetricAttributes(id component.ID) func(attrs ...attribute.KeyValue) metric.MeasurementOption {
	exporter := attribute.String("exporter", id.String())
	alone := metric.WithAttributeSet(attribute.NewSet(exporter))
	return func(attrs ...attribute.KeyValue) metric.MeasurementOption {
		if len(attrs) == 0 {
			return alone
		}
		return metric.WithAttributeSet(attribute.NewSet(append(attrs, exporter)...))
	}
}

// Metrics are the instruments that every exporter has. All fields are required.
type Metrics struct {
	// Attributes is a function of MetricAttributes.
	Attributes func(...attribute.KeyValue) metric.MeasurementOption

	DeliveredEvents   metric.Int64Counter
	DroppedEvents     metric.Int64Counter     // attribute reason
	QuarantinedEvents metric.Int64Gauge       // events that are in quarantine now
	QueueDamage       metric.Int64Counter     // attribute kind: item or index
	RequestDuration   metric.Float64Histogram // seconds; attribute http.response.status_code
	Splits            metric.Int64Counter     // attribute http.response.status_code
}

// NewDrops returns Drops that log to logger and count DroppedEvents.
func (m *Metrics) NewDrops(logger *zap.Logger) *Drops {
	return NewDrops(logger, m.countDropped)
}

func (m *Metrics) countDropped(reason string, records int) {
	m.DroppedEvents.Add(context.Background(), int64(records), m.Attributes(attribute.String("reason", reason)))
}

// begin exports every counter from the start on, at 0: an alert on its rise needs
// the point before the first one.
func (m *Metrics) begin(ctx context.Context) {
	m.DeliveredEvents.Add(ctx, 0, m.Attributes())
	for _, reason := range []string{ReasonRejected, ReasonTooLarge, ReasonTooOld} {
		m.DroppedEvents.Add(ctx, 0, m.Attributes(attribute.String("reason", reason)))
	}
	for _, code := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
		m.Splits.Add(ctx, 0, m.Attributes(attribute.Int("http.response.status_code", code)))
	}
	for _, kind := range []string{"item", "index"} {
		m.QueueDamage.Add(ctx, 0, m.Attributes(attribute.String("kind", kind)))
	}
	m.quarantined(0)
}

func (m *Metrics) quarantined(records int) {
	m.QuarantinedEvents.Record(context.Background(), int64(records), m.Attributes())
}

// observe measures a request.
func (m *Metrics) observe(ctx context.Context, x Attempt) {
	code := m.Attributes(attribute.Int("http.response.status_code", x.Code))
	m.RequestDuration.Record(ctx, x.Took.Seconds(), code)
	if x.Records > 1 && (x.Outcome == Split || x.Outcome == Bisect) {
		m.Splits.Add(ctx, 1, code)
	}
}
