package httpsend

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

var errNoStream = errors.New("the project has no stream for this destination")

// ConsumeLogs implements consumer.Logs. It puts each project's events into the queue of
// its stream. Where some are refused, its error contains those.
func (f *streams) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	table := f.source.Table()
	if table == nil {
		return managed.ErrNoTable
	}
	all := ld.ResourceLogs()
	if all.Len() == 0 {
		return nil
	}
	first := f.Project(all.At(0))
	for i := 1; i < all.Len(); i++ {
		if f.Project(all.At(i)) != first {
			return f.consumeSeveral(ctx, table, ld)
		}
	}
	return f.consume(ctx, table, first, ld)
}

// consumeSeveral is ConsumeLogs of several projects. It copies: other pipelines may read
// the same logs.
func (f *streams) consumeSeveral(ctx context.Context, table *managed.Table, ld plog.Logs) error {
	parts := map[string]plog.Logs{}
	var projects []string // in their order, so that an error is the same each time
	for _, rl := range ld.ResourceLogs().All() {
		name := f.Project(rl)
		part, again := parts[name]
		if !again {
			part = plog.NewLogs()
			parts[name] = part
			projects = append(projects, name)
		}
		rl.CopyTo(part.ResourceLogs().AppendEmpty())
	}
	refused := plog.NewLogs()
	var errs error
	for _, name := range projects {
		if err := f.consume(ctx, table, name, parts[name]); err != nil {
			errs = errors.Join(errs, err)
			parts[name].ResourceLogs().MoveAndAppendTo(refused.ResourceLogs())
		}
	}
	if errs == nil {
		return nil
	}
	return consumererror.NewLogs(errs, refused)
}

// consume puts one project's events into its queue. Its error is retryable, and stands
// for all of them.
func (f *streams) consume(ctx context.Context, table *managed.Table, name string, ld plog.Logs) error {
	events := ld.LogRecordCount()
	if events == 0 {
		return nil
	}
	if table.Stream(name, f.Destination) == nil {
		f.noStream(name, events)
		return nil
	}
	s, err := f.streamOf(ctx, name)
	if errors.Is(err, errNoStream) {
		f.noStream(name, events)
		return nil
	}
	if err == nil {
		err = s.offer(ctx, ld, events)
	}
	if err != nil {
		return fmt.Errorf("the stream of %s: %w", name, err)
	}
	return nil
}

// noStream drops events with an acknowledgement.
func (f *streams) noStream(name string, events int) {
	f.drops.Add(managed.ReasonNoStream, events, errNoStream)
	f.source.NoStream(name, f.Destination, events)
}
