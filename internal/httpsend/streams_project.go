package httpsend

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// project is the place of a project's stream, of which there is one at a time: a stream
// that is created again starts once the one before is gone.
type project struct {
	name   string
	turn   chan struct{} // held while its stream is started or dropped
	stream atomic.Pointer[stream]
	// following is held while the stream is compared with a table: with an older one
	// after a younger one it would get its former credentials again.
	following sync.Mutex

	failed error // of the latest start; nil: it succeeded
	again  time.Time
}

// startAgain is the time after which a stream is started again that could not be.
const startAgain = time.Second

func (f *streams) project(name string) *project {
	if p, ok := f.projects.Load(name); ok {
		return p.(*project)
	}
	p, _ := f.projects.LoadOrStore(name, &project{name: name, turn: make(chan struct{}, 1)})
	return p.(*project)
}

// streamOf returns a project's running stream, and starts it where that is the first use
// of it. Its error is errNoStream where the project has none.
func (f *streams) streamOf(ctx context.Context, name string) (*stream, error) {
	p := f.project(name)
	if s := p.stream.Load(); s != nil && !s.gone.Load() {
		return s, nil
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := p.stream.Load(); s != nil && !s.gone.Load() { // another has started it
		return s, nil
	} else if s != nil {
		f.drop(p, s)
	}
	table := f.source.Table()
	if table == nil {
		return nil, managed.ErrNoTable
	}
	of := table.Stream(name, f.Destination)
	switch {
	case f.running.Err() != nil:
		return nil, errClosing
	case of == nil:
		return nil, errNoStream
	case p.failed != nil && time.Now().Before(p.again):
		return nil, p.failed
	}
	s, err := f.startStream(of)
	before := p.failed
	if p.failed = err; err != nil {
		p.again = time.Now().Add(startAgain)
		if before != nil && before.Error() == err.Error() {
			return nil, err // that is known
		}
		f.set.Logger.Error("The stream cannot be started: its events are refused for now", zap.String("project", name), zap.Error(err))
		f.status.set(name, err)
		of.Figures.Fails(managed.Full, managed.Failure{At: time.Now(), Text: err.Error()}, p.again)
		return nil, err
	}
	f.status.set(name, nil)
	s.account.started()
	of.Figures.Serve(s.oldest)
	p.stream.Store(s)
	f.followOne(f.source.Table, p) // it may have changed since
	return s, nil
}

// startStream starts the stream. It is not tied to the request that needs it.
func (f *streams) startStream(of *managed.Stream) (*stream, error) {
	ctx := context.Background()
	target, err := f.Target(of.Credentials)
	if err != nil {
		return nil, err
	}
	s, err := f.newStream(ctx, of, target)
	if err == nil {
		err = s.start(ctx, f.host)
	}
	return s, err
}

func (f *streams) newStream(ctx context.Context, of *managed.Stream, target Target) (_ *stream, err error) {
	logger := f.set.Logger.With(zap.String("project", of.ProjectID))
	s := newStream(f.queueID(of.ProjectID), of, &f.total)
	b := f.Backend(logger, NewDrops(logger, func(reason string, records int) {
		f.common.Metrics.countDropped(reason, records)
		s.account.dropped(reason, records)
	}))
	b.Target, b.stream, b.Started, b.Shutdown = target, s, nil, func() {}
	set := f.set
	// What exporterhelper tells of each queue at Info says nothing of 1,000 of them.
	set.Logger = fromWarn(logger)
	s.sizes.MeterProvider, set.MeterProvider = set.MeterProvider, s.sizes
	s.Logs, err = newLogs(ctx, set, b, func(context.Context, component.Host) (*Sender, error) {
		sender := b.senderWith(f.client, f.fresh, f.set.BuildInfo, func(event *componentstatus.Event) {
			f.status.set(of.ProjectID, event.Err())
			s.account.reported(event.Err())
		})
		sender.hosts = &f.hosts
		sender.diagnosis.logger = logger
		return sender, nil
	})
	return s, err
}

// follow takes a table. It does not block.
func (f *streams) follow(table *managed.Table) {
	if table == nil {
		return
	}
	for _, p := range f.projects.Range {
		f.followOne(func() *managed.Table { return table }, p.(*project))
	}
	f.opened.Do(func() { f.work.Go(f.openStored) })
}

// followOne brings a project's running stream, if there is one, to what the present table
// says.
func (f *streams) followOne(present func() *managed.Table, p *project) {
	p.following.Lock()
	defer p.following.Unlock()
	s, table := p.stream.Load(), present()
	if table == nil {
		return
	}
	of := table.Stream(p.name, f.Destination)
	switch {
	case s == nil && of == nil: // it may be one that could not be started
		f.status.set(p.name, nil)
		return
	case s == nil || s.gone.Load():
		return
	}
	before := s.of.Load()
	switch {
	case of == nil || of.Figures != before.Figures: // deleted, and perhaps created again
		if s.remove() {
			f.work.Go(func() {
				p.turn <- struct{}{}
				defer func() { <-p.turn }()
				if p.stream.Load() == s { // else the next event of the project was quicker
					f.drop(p, s)
				}
			})
		}
	case of.Generation != before.Generation:
		target, err := f.Target(of.Credentials)
		if err != nil {
			f.set.Logger.Error("The new credentials of a stream cannot be used", zap.String("project", p.name), zap.Error(err))
			return
		}
		s.retarget(of, target)
		f.work.Go(s.logs.quarantine.tryNow) // which waits for a disk that is slow, or frozen
	}
}

// drop drops what a removed stream has queued, and makes room for another. The caller
// has p's turn.
func (f *streams) drop(p *project, s *stream) {
	events, err := s.drop(f.running)
	p.stream.Store(nil)
	f.status.set(p.name, nil)
	f.dropped(p.name, events)
	if err == nil {
		err = f.removeFile(p.name)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		f.set.Logger.Warn("The queue of a deleted stream could not be closed and removed", zap.String("project", p.name), zap.Error(err))
	}
}

// dropped counts and logs the events that a deleted stream had queued.
func (f *streams) dropped(name string, events int) {
	if events > 0 {
		f.common.Metrics.countDropped(managed.ReasonNoStream, events)
		f.set.Logger.Warn("Dropped the queue of a deleted stream", zap.String("project", name), zap.Int("events", events))
	}
}
