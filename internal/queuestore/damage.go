package queuestore

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// Damage reports stored data that cannot be read. It logs at Error. It counts 1 for
// each item, which is a request of one or many events, with the attribute kind=item;
// and 1 for an index, with which the whole queue is lost, with kind=index.
//
// The queue itself (exporterhelper v0.158 to v0.165) logs a lost index at Error
// and an item that it cannot decode at Debug, and counts neither. No test notices
// when it counts them: look at its metrics at an upgrade.
type Damage struct {
	Logger  *zap.Logger
	Counter metric.Int64Counter
	Options []metric.AddOption // that go with each count
}

// Item reports an item, with the error of its decoding. The decoder calls it.
func (d Damage) Item(err error) {
	d.Logger.Error("A stored item of the sending queue cannot be read, its events are lost", zap.Error(err))
	d.count(context.Background(), "item")
}

func (d Damage) index(ctx context.Context, err error) {
	d.Logger.Error("The stored index of the sending queue cannot be read, the queue starts empty and what it held is lost",
		zap.Error(err))
	d.count(ctx, "index")
}

func (d Damage) count(ctx context.Context, kind string) {
	d.Counter.Add(ctx, 1, append([]metric.AddOption{metric.WithAttributes(attribute.String("kind", kind))}, d.Options...)...)
}
