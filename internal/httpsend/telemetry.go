package httpsend

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Measured returns what gives a measurement its attributes: the exporter's id,
// as exporterhelper's own metrics have it, and those that are passed.
func Measured(id component.ID) func(attrs ...attribute.KeyValue) metric.MeasurementOption {
	exporter := attribute.String("exporter", id.String())
	return func(attrs ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(append(attrs, exporter)...))
	}
}
