package stytchprocessor

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// managedGate labels events and lets those through whose project has a stream for the
// destination that is on.
type managedGate struct {
	cfg    *Config
	id     component.ID
	count  *counters
	logger *zap.Logger
	source managed.Source

	told               atomic.Bool  // dropped events were logged once
	disabled, noStream atomic.Int64 // events dropped since the last line of the log
	timer              *time.Timer  // runs while one of them is not 0
}

func newManagedGate(cfg *Config, id component.ID, count *counters, logger *zap.Logger) *managedGate {
	g := &managedGate{cfg: cfg, id: id, count: count, logger: logger}
	g.timer = time.AfterFunc(summaryEvery, g.summarize)
	g.timer.Stop()
	count.noStream(context.Background(), 0)
	return g
}

func (g *managedGate) start(_ context.Context, host component.Host) (err error) {
	g.source, err = managed.Find(host, g.cfg.Management.Get().Extension, fmt.Sprintf("processors::%s::management::extension", g.id))
	return err
}

// process lets a request pass uncopied whose streams are all on.
func (g *managedGate) process(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	table := g.source.Table()
	if table == nil {
		return ld, managed.ErrNoTable
	}
	if ld.ResourceLogs().Len() == 0 {
		return ld, nil
	}
	to := g.cfg.Management.Get().Destination
	disabled, noStream := 0, 0
	ld.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		project := stytch.ProjectOf(rl)
		stream := table.Stream(project, to)
		switch {
		case stream == nil:
			n := recordsOf(rl)
			noStream += n
			g.source.NoStream(project, to, n)
			return true
		case !stream.Active:
			n := recordsOf(rl)
			disabled += n
			stream.Figures.Received(n)
			stream.Figures.Dropped(managed.ReasonDisabled, n)
			return true
		}
		attrs := rl.Resource().Attributes()
		attrs.PutStr(stytch.AttrSource, g.cfg.Source)
		attrs.PutStr(stytch.AttrServiceName, g.cfg.Service)
		return false
	})
	g.dropped(ctx, disabled, noStream)
	if ld.ResourceLogs().Len() == 0 {
		return ld, processorhelper.ErrSkipProcessingData
	}
	return ld, nil
}

func recordsOf(rl plog.ResourceLogs) (n int) {
	for _, sl := range rl.ScopeLogs().All() {
		n += sl.LogRecords().Len()
	}
	return n
}

// dropped counts dropped events and logs the first at once, the others once a minute.
func (g *managedGate) dropped(ctx context.Context, disabled, noStream int) {
	if disabled+noStream == 0 {
		return
	}
	g.count.disabled(ctx, int64(disabled))
	g.count.noStream(ctx, int64(noStream))
	before := g.disabled.Add(int64(disabled)) + g.noStream.Add(int64(noStream)) - int64(disabled+noStream)
	switch {
	case g.told.CompareAndSwap(false, true):
		g.summarize()
	case before == 0:
		g.timer.Reset(summaryEvery)
	}
}

func (g *managedGate) summarize() {
	disabled, noStream := g.disabled.Swap(0), g.noStream.Swap(0)
	if disabled+noStream > 0 {
		g.logger.Warn("Dropped events of projects whose stream is disabled or does not exist: they will not be sent later",
			zap.String("destination", string(g.cfg.Management.Get().Destination)),
			zap.Int64(managed.ReasonDisabled, disabled), zap.Int64(managed.ReasonNoStream, noStream))
	}
}

func (g *managedGate) shutdown(context.Context) error {
	g.timer.Stop()
	g.summarize()
	g.count.Shutdown()
	return nil
}

// observed returns what lets an observer see the events before next has them.
func (g *managedGate) observed(next consumer.Logs) consumer.Logs { return &observed{next, g} }

// observed shows the Source's observer the events before they are handed on: afterwards
// they are the next consumer's.
type observed struct {
	consumer.Logs
	gate *managedGate
}

// ConsumeLogs implements consumer.Logs.
func (o *observed) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	if observer := o.gate.source.Observer(); observer != nil {
		for _, rl := range ld.ResourceLogs().All() {
			observer.Observe(o.gate.cfg.Management.Get().Destination, rl)
		}
	}
	return o.Logs.ConsumeLogs(ctx, ld)
}

// figuresOf returns the figures of the stream that the events belong to, or nil.
func (g *managedGate) figuresOf(rl plog.ResourceLogs) *managed.Figures {
	if table := g.source.Table(); table != nil {
		if stream := table.Stream(stytch.ProjectOf(rl), g.cfg.Management.Get().Destination); stream != nil {
			return stream.Figures
		}
	}
	return nil
}
