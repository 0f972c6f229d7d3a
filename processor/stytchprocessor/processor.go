package stytchprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
)

// createLogs puts the gate before deduplication, so that an event it drops is not
// remembered. Deduplication comes after it since it needs the next consumer's answer.
// Redaction comes last: what is dropped before costs nothing there.
func createLogs(ctx context.Context, set processor.Settings, cc component.Config, next consumer.Logs) (processor.Logs, error) {
	cfg := cc.(*Config)
	count, err := newCounters(set)
	if err != nil {
		return nil, err
	}
	if len(cfg.Redact) > 0 {
		next = newRedactor(cfg, count, next)
	}
	g := newGate(cfg, count, set.Logger)
	start, shutdown := g.start, g.shutdown
	if cfg.Deduplicate.HasValue() {
		d := newDeduplicator(*cfg.Deduplicate.Get(), count, next)
		start = func(ctx context.Context, host component.Host) error {
			if err := d.open(ctx, host, set.ID, set.Logger); err != nil {
				return err
			}
			return g.start(ctx, host)
		}
		shutdown = func(ctx context.Context) error {
			return errors.Join(g.shutdown(ctx), d.close(ctx))
		}
		if err := count.observeRemembered(d.remembered); err != nil {
			return nil, err
		}
		next = d
	}
	return processorhelper.NewLogs(ctx, set, cfg, next, g.process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(start),
		processorhelper.WithShutdown(shutdown))
}
