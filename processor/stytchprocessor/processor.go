package stytchprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
)

// createLogs puts the gate before deduplication, so that an event it drops is not
// remembered. Deduplication comes last since it needs the next consumer's answer.
func createLogs(ctx context.Context, set processor.Settings, cc component.Config, next consumer.Logs) (processor.Logs, error) {
	cfg := cc.(*Config)
	count, err := newCounters(set)
	if err != nil {
		return nil, err
	}
	g := newSwitch(cfg, set, count)
	if cfg.Deduplicate.HasValue() {
		d := newDeduplicator(*cfg.Deduplicate.Get(), count, next)
		if m, ok := g.(*managedGate); ok {
			d.figuresOf = m.figuresOf
		}
		if err := count.observeRemembered(d.remembered); err != nil {
			return nil, err
		}
		next = d
	}
	return processorhelper.NewLogs(ctx, set, cfg, next, g.process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(g.start),
		processorhelper.WithShutdown(g.shutdown))
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
