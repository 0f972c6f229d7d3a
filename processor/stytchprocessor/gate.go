package stytchprocessor

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// gate labels events and lets them through, or drops all of them.
type gate struct {
	cfg    *Config
	count  *counters
	logger *zap.Logger

	unlogged atomic.Int64 // events dropped since the last line of the log
	timer    *time.Timer  // runs while unlogged is not 0
}

// summaryEvery is the time between two log lines about dropped events.
const summaryEvery = time.Minute

func newGate(cfg *Config, count *counters, logger *zap.Logger) *gate {
	g := &gate{cfg: cfg, count: count, logger: logger}
	g.timer = time.AfterFunc(summaryEvery, g.summarize)
	g.timer.Stop()
	return g
}

// start warns of a disabled stream: its sender cannot see that it is disabled.
func (g *gate) start(context.Context, component.Host) error {
	if !g.cfg.Enabled {
		g.logger.Warn("The stream is disabled: events are acknowledged and dropped, and will not be sent later; enabled: true switches it on")
	}
	return nil
}

func (g *gate) process(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	if !g.cfg.Enabled {
		if n := int64(ld.LogRecordCount()); n > 0 {
			g.count.disabled(ctx, n)
			if g.unlogged.Add(n) == n {
				g.timer.Reset(summaryEvery)
			}
		}
		return ld, processorhelper.ErrSkipProcessingData
	}
	for _, rl := range ld.ResourceLogs().All() {
		attrs := rl.Resource().Attributes()
		attrs.PutStr(stytch.AttrSource, g.cfg.Source)
		attrs.PutStr(stytch.AttrServiceName, g.cfg.Service)
	}
	return ld, nil
}

func (g *gate) summarize() {
	if n := g.unlogged.Swap(0); n > 0 {
		g.logger.Warn("Dropped events of the disabled stream", zap.Int64("events", n))
	}
}

func (g *gate) shutdown(context.Context) error {
	g.timer.Stop()
	g.summarize()
	g.count.Shutdown()
	return nil
}
