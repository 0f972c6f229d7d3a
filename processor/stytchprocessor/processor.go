package stytchprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// createLogs puts the gate before deduplication, so that an event it drops is not
// remembered. Deduplication comes after it since it needs the next consumer's answer.
// Redaction comes after both: what is dropped before costs nothing there. Who observes
// the stream sees what is left.
func createLogs(ctx context.Context, set processor.Settings, cc component.Config, next consumer.Logs) (processor.Logs, error) {
	cfg := cc.(*Config)
	count, err := newCounters(set)
	if err != nil {
		return nil, err
	}
	g := newSwitch(cfg, set, count)
	var figuresOf func(plog.ResourceLogs) *managed.Figures
	if m, ok := g.(*managedGate); ok {
		figuresOf, next = m.figuresOf, m.observed(next)
	}
	if len(cfg.Redact) > 0 {
		next = newRedactor(cfg, count, figuresOf, next)
	}
	start, shutdown := g.start, g.shutdown
	if cfg.Deduplicate.HasValue() {
		d := newDeduplicator(*cfg.Deduplicate.Get(), count, next)
		d.figuresOf = figuresOf
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

// eventSwitch lets events through, or drops them.
type eventSwitch interface {
	start(context.Context, component.Host) error
	process(context.Context, plog.Logs) (plog.Logs, error)
	shutdown(context.Context) error
}

func newSwitch(cfg *Config, set processor.Settings, count *counters) eventSwitch {
	if cfg.Management.HasValue() {
		return newManagedGate(cfg, set.ID, count, set.Logger)
	}
	return newGate(cfg, count, set.Logger)
}
