package stytchprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// createLogs puts the gate first, so that what it drops is not remembered as gone
// through, then the labels, then deduplication, which needs the next consumer's
// answer.
func createLogs(ctx context.Context, set processor.Settings, cc component.Config, next consumer.Logs) (processor.Logs, error) {
	cfg := cc.(*Config)
	count, err := newCounters(set)
	if err != nil {
		return nil, err
	}
	if cfg.Deduplicate.HasValue() {
		d := newDeduplicator(*cfg.Deduplicate.Get(), count, next)
		if err := count.observeRemembered(d.remembered); err != nil {
			return nil, err
		}
		next = d
	}
	p := &gate{cfg: cfg, count: count}
	return processorhelper.NewLogs(ctx, set, cfg, next, p.process,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithShutdown(func(context.Context) error {
			count.Shutdown()
			return nil
		}))
}

// gate lets labelled events through, or none.
type gate struct {
	cfg   *Config
	count *counters
}

func (p *gate) process(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	if !p.cfg.Enabled {
		p.count.disabled(ctx, ld.LogRecordCount())
		return ld, processorhelper.ErrSkipProcessingData
	}
	for _, rl := range ld.ResourceLogs().All() {
		attrs := rl.Resource().Attributes()
		attrs.PutStr(stytch.AttrSource, p.cfg.Source)
		attrs.PutStr(stytch.AttrServiceName, p.cfg.Service)
	}
	return ld, nil
}
