package stytchprocessor

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

// counters count the events that were not handed on, and log the first duplicate,
// the first that cannot be redacted and the first forgotten event; the gate logs what it drops. The metrics carry the
// processor's id, which identifies the destination.
type counters struct {
	*metadata.TelemetryBuilder
	logger *zap.Logger

	ofProcessor    metric.MeasurementOption
	ofDisabled     metric.MeasurementOption
	ofDuplicate    metric.MeasurementOption
	ofUnredactable metric.MeasurementOption
	ofNoStream     metric.MeasurementOption

	duplicateOnce, forgottenOnce, unredactableOnce, unsavedOnce sync.Once
}

func newCounters(set processor.Settings) (*counters, error) {
	builder, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	id := attribute.String("processor", set.ID.String())
	with := func(attrs ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(append(attrs, id)...))
	}
	c := &counters{
		TelemetryBuilder: builder, logger: set.Logger,
		ofProcessor:    with(),
		ofDisabled:     with(attribute.String("reason", managed.ReasonDisabled)),
		ofDuplicate:    with(attribute.String("reason", managed.ReasonDuplicate)),
		ofUnredactable: with(attribute.String("reason", managed.ReasonUnredactable)),
		ofNoStream:     with(attribute.String("reason", managed.ReasonNoStream)),
	}
	// The SDK does not export a counter before its first Add: without these a reader
	// could not tell zero from a metric that does not exist.
	ctx := context.Background()
	builder.ProcessorStytchDroppedEvents.Add(ctx, 0, c.ofDisabled)
	builder.ProcessorStytchDroppedEvents.Add(ctx, 0, c.ofDuplicate)
	builder.ProcessorStytchDroppedEvents.Add(ctx, 0, c.ofUnredactable)
	builder.ProcessorStytchForgottenEvents.Add(ctx, 0, c.ofProcessor)
	builder.ProcessorStytchUnsavedEvents.Add(ctx, 0, c.ofProcessor)
	return c, nil
}

func (c *counters) disabled(ctx context.Context, n int64) {
	c.ProcessorStytchDroppedEvents.Add(ctx, n, c.ofDisabled)
}

func (c *counters) noStream(ctx context.Context, n int64) {
	c.ProcessorStytchDroppedEvents.Add(ctx, n, c.ofNoStream)
}

func (c *counters) duplicates(ctx context.Context, n int) {
	if n == 0 {
		return
	}
	c.ProcessorStytchDroppedEvents.Add(ctx, int64(n), c.ofDuplicate)
	c.duplicateOnce.Do(func() {
		c.logger.Info("Dropped an event that went through before; further duplicates are only counted")
	})
}

func (c *counters) unredactable(ctx context.Context, n int) {
	if n == 0 {
		return
	}
	c.ProcessorStytchDroppedEvents.Add(ctx, int64(n), c.ofUnredactable)
	c.unredactableOnce.Do(func() {
		c.logger.Warn("Dropped an event that cannot be redacted: it is no JSON object in valid UTF-8; further ones are only counted")
	})
}

func (c *counters) forgotten(ctx context.Context, n int) {
	if n == 0 {
		return
	}
	c.ProcessorStytchForgottenEvents.Add(ctx, int64(n), c.ofProcessor)
	c.forgottenOnce.Do(func() {
		c.logger.Warn("deduplicate::max_events is reached before deduplicate::window has passed: " +
			"the oldest events are forgotten, and a late duplicate of one goes through; further ones are only counted")
	})
}

func (c *counters) unsaved(ctx context.Context, n int, err error) {
	c.ProcessorStytchUnsavedEvents.Add(ctx, int64(n), c.ofProcessor)
	c.unsavedOnce.Do(func() {
		c.logger.Error("deduplicate::storage cannot store that events went through: after a restart, a repeat of one goes through; further ones are only counted",
			zap.Error(err))
	})
}

// observeRemembered reports n whenever metrics are read.
func (c *counters) observeRemembered(n func() int) error {
	return c.RegisterProcessorStytchRememberedEventsCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(int64(n()), c.ofProcessor)
		return nil
	})
}
