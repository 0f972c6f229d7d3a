package groupcommit

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/trace"
)

// weight is the cost of logs to a put: records, and the bytes of their bodies.
type weight struct{ records, bytes int }

// The most that one member may weigh, and a group. Heavier logs gain little in a
// group, and are encoded beside the others, not after them.
var (
	maxMember = weight{records: 100, bytes: 256 << 10}
	maxGroup  = weight{records: 1000, bytes: 2 << 20} // as many records as a batch has by default
)

func (w weight) exceeds(most weight) bool { return w.records > most.records || w.bytes > most.bytes }

func weigh(ld plog.Logs) (w weight) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			w.records += sl.LogRecords().Len()
			for _, lr := range sl.LogRecords().All() {
				w.bytes += size(lr.Body())
			}
		}
	}
	return w
}

// size is the length of a body that is a text, in bytes.
func size(body pcommon.Value) int {
	if body.Type() == pcommon.ValueTypeBytes {
		return body.Bytes().Len()
	}
	return len(body.Str())
}

// Wrap returns the exporter with its queue's puts grouped, where its queue is
// persistent and refuses when it is full; else it returns next.
func Wrap(set exporter.Settings, next exporter.Logs, queue configoptional.Optional[exporterhelper.QueueBatchConfig]) exporter.Logs {
	if !queue.HasValue() || queue.Get().StorageID == nil || queue.Get().BlockOnOverflow {
		return next
	}
	return newGroups(next, set.TracerProvider)
}

// groups collects the logs that arrive while a put is under way, and puts them into
// the queue together as soon as it has ended.
type groups struct {
	exporter.Logs
	tracer trace.Tracer

	mu      sync.Mutex
	busy    bool // a group is being put
	waiting []*member
}

func newGroups(next exporter.Logs, traces trace.TracerProvider) *groups {
	return &groups{Logs: next, tracer: traces.Tracer("github.com/otelcol-stytch/otelcol-stytch/internal/groupcommit")}
}

// member is one sender's logs.
type member struct {
	ctx  context.Context
	logs plog.Logs
	weight
	turn chan bool // true: puts the next group; false: has been put, with err
	err  error
}

var errPanicked = errors.New("the put of the group panicked")

func (g *groups) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	m := &member{ctx: ctx, logs: ld, weight: weigh(ld), turn: make(chan bool, 1), err: errPanicked}
	if m.exceeds(maxMember) || hasMetadata(ctx) {
		return g.Logs.ConsumeLogs(ctx, ld)
	}
	if puts, err := g.enter(m); !puts {
		return err
	}
	members := g.gather(m)
	defer func() {
		for _, other := range members[1:] {
			other.turn <- false
		}
		g.leave()
	}()
	if len(members) == 1 {
		return g.Logs.ConsumeLogs(ctx, ld)
	}
	g.put(members)
	return m.err
}

// put puts a group, or one member after another where the queue has no room for all.
// A sender that goes away does not end it: it is the others' put, too.
func (g *groups) put(members []*member) {
	links := make([]trace.Link, 0, len(members))
	for _, m := range members {
		if link := trace.LinkFromContext(m.ctx); link.SpanContext.IsValid() {
			links = append(links, link)
		}
	}
	ctx, span := g.tracer.Start(context.Background(), "exporter/group_commit", trace.WithLinks(links...))
	defer span.End()
	err := g.Logs.ConsumeLogs(ctx, together(members))
	full := errors.Is(err, exporterhelper.ErrQueueIsFull)
	for _, m := range members {
		if full {
			err = g.Logs.ConsumeLogs(context.WithoutCancel(m.ctx), m.logs)
		}
		m.err = err
	}
}

// hasMetadata tells whether ctx has metadata of a client. The queue stores one context
// with each put, and batches and headers can depend on its metadata.
func hasMetadata(ctx context.Context) bool {
	for range client.FromContext(ctx).Metadata.Keys() {
		return true
	}
	return false
}

// enter returns true once it is m's turn, and false with the outcome once
// another has put m or the context has ended.
func (g *groups) enter(m *member) (puts bool, err error) {
	g.mu.Lock()
	if !g.busy {
		g.busy = true
		g.mu.Unlock()
		return true, nil
	}
	g.waiting = append(g.waiting, m)
	g.mu.Unlock()
	select {
	case puts = <-m.turn:
	case <-m.ctx.Done():
		if g.letGo(m) {
			return false, m.ctx.Err()
		}
		puts = <-m.turn
	}
	return puts, m.err
}

// letGo removes m from those that wait. It returns false where m is being put or has
// the turn to put.
func (g *groups) letGo(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.Index(g.waiting, m)
	if at < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, at, at+1)
	return true
}

// gather returns m and those that wait and go with it.
func (g *groups) gather(m *member) []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	members, all := []*member{m}, m.weight
	for _, next := range g.waiting {
		all.records += next.records
		all.bytes += next.bytes
		if all.exceeds(maxGroup) {
			break
		}
		members = append(members, next)
	}
	g.waiting = g.waiting[len(members)-1:]
	return members
}

// leave gives the turn to the member that has waited longest.
func (g *groups) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy = len(g.waiting) > 0; !g.busy {
		g.waiting = nil // which kept the logs in memory
		return
	}
	g.waiting[0].turn <- true
	g.waiting = g.waiting[1:]
}

// together returns a copy of the logs: other pipelines may read them as well.
func together(members []*member) plog.Logs {
	all := plog.NewLogs()
	for _, m := range members {
		for _, rl := range m.logs.ResourceLogs().All() {
			rl.CopyTo(all.ResourceLogs().AppendEmpty())
		}
	}
	return all
}
