package httpsend

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// queueSizes is the meter provider of one stream's exporterhelper. Counters and
// histograms go on to the collector's: they have the id of the exporter, and add up over
// its streams. The gauges of the queue would overwrite each other: they stay here, where
// they tell how many events are queued.
type queueSizes struct {
	metric.MeterProvider

	mu    sync.Mutex
	gauge []metric.Callback
}

// Meter implements metric.MeterProvider.
func (q *queueSizes) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	return &queueMeter{Meter: q.MeterProvider.Meter(name, opts...), sizes: q}
}

// size is the number of events in the queue, those that are being sent included.
func (q *queueSizes) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	sum := queueSizeObserver{}
	for _, observe := range q.gauge {
		_ = observe(context.Background(), &sum) // exporterhelper's never fails
	}
	return int(sum.events)
}

type queueMeter struct {
	metric.Meter
	sizes *queueSizes
}

// queueGauge is a gauge of exporterhelper's queue: otelcol_exporter_queue_size or
// otelcol_exporter_queue_capacity.
type queueGauge struct {
	noop.Int64ObservableGauge
	name string
}

// Int64ObservableGauge implements metric.Meter.
func (m *queueMeter) Int64ObservableGauge(name string, _ ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	return queueGauge{name: name}, nil
}

// RegisterCallback implements metric.Meter.
func (m *queueMeter) RegisterCallback(f metric.Callback, instruments ...metric.Observable) (metric.Registration, error) {
	for _, i := range instruments {
		if _, ours := i.(queueGauge); !ours {
			return m.Meter.RegisterCallback(f, instruments...)
		}
	}
	m.sizes.mu.Lock()
	defer m.sizes.mu.Unlock()
	m.sizes.gauge = append(m.sizes.gauge, f)
	return noop.Registration{}, nil
}

// queueSizeObserver takes what the gauge of the size observes.
type queueSizeObserver struct {
	noop.Observer
	events int64
}

// ObserveInt64 implements metric.Observer.
func (o *queueSizeObserver) ObserveInt64(gauge metric.Int64Observable, value int64, _ ...metric.ObserveOption) {
	if g, ok := gauge.(queueGauge); ok && g.name == "otelcol_exporter_queue_size" {
		o.events = value
	}
}

// observeTotal exports otelcol_exporter_queue_size and otelcol_exporter_queue_capacity, as
// exporterhelper does, over all streams.
func observeTotal(set exporter.Settings, all *total) (stop func(), err error) {
	meter := set.MeterProvider.Meter("go.opentelemetry.io/collector/exporter/exporterhelper")
	size, err := meter.Int64ObservableGauge("otelcol_exporter_queue_size",
		metric.WithDescription("Current size of the retry queue (in batches). [Alpha]"), metric.WithUnit("{batch}"))
	if err != nil {
		return nil, err
	}
	capacity, err := meter.Int64ObservableGauge("otelcol_exporter_queue_capacity",
		metric.WithDescription("Fixed capacity of the retry queue (in batches). [Alpha]"), metric.WithUnit("{batch}"))
	if err != nil {
		return nil, err
	}
	attrs := metric.WithAttributes(attribute.String("exporter", set.ID.String()), attribute.String("data_type", pipeline.SignalLogs.String()))
	registered, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(size, all.events.Load(), attrs)
		o.ObserveInt64(capacity, all.most, attrs)
		return nil
	}, size, capacity)
	if err != nil {
		return nil, err
	}
	return func() { _ = registered.Unregister() }, nil
}
