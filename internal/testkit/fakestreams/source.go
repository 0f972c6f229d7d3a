// Package fakestreams has a managed.Source in memory, for tests of what consumes one.
//
//	source := fakestreams.New()
//	source.Set("project-live-1", managed.Credentials{Datadog: …}, true)
//	host := fakestreams.Host{Source: source}
package fakestreams

import (
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// ID is that of the extension which a Source is.
var ID = component.MustNewID("stytch_management")

// Source is a managed.Source whose streams a test changes. All methods are safe for
// concurrent use.
type Source struct {
	component.StartFunc
	component.ShutdownFunc

	table    atomic.Pointer[managed.Table]
	observer atomic.Pointer[managed.Observer]

	mu         sync.Mutex
	generation uint64
	watchers   []*func(*managed.Table)
	exporters  []managed.Exporter
	noStream   map[string]int
}

var _ managed.Source = (*Source)(nil)

// New returns a source without streams.
func New() *Source {
	s := &Source{noStream: map[string]int{}}
	s.table.Store(managed.NewTable())
	return s
}

// Unknown makes the source one that knows of no stream yet.
func (s *Source) Unknown() { s.publish(nil) }

func (s *Source) publish(t *managed.Table) {
	s.table.Store(t)
	for _, changed := range s.watchers {
		(*changed)(t)
	}
}

// Set creates a project's stream, or changes its credentials and its switch.
func (s *Source) Set(project string, c managed.Credentials, active bool) *managed.Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	table := s.table.Load()
	if table == nil {
		table = managed.NewTable()
	}
	s.generation++
	next := &managed.Stream{
		ProjectID: project, Destination: c.Destination(), Credentials: c, Active: active,
		Generation: s.generation, Figures: managed.NewFigures(),
	}
	if before := table.Stream(project, c.Destination()); before != nil {
		next.Figures = before.Figures
		if before.Credentials.Equal(c) {
			next.Generation = before.Generation
		}
	}
	s.publish(table.With(next))
	return next
}

// Delete deletes a project's stream.
func (s *Source) Delete(project string, d managed.Destination) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publish(s.table.Load().Without(project, d))
}

// Table implements managed.Source.
func (s *Source) Table() *managed.Table { return s.table.Load() }

// Watch implements managed.Source.
func (s *Source) Watch(changed func(*managed.Table)) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	watcher := &changed
	s.watchers = append(s.watchers, watcher)
	changed(s.table.Load())
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.watchers = slices.DeleteFunc(s.watchers, func(w *func(*managed.Table)) bool { return w == watcher })
	}
}

// Attach implements managed.Source.
func (s *Source) Attach(e managed.Exporter) (detach func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exporters = append(s.exporters, e)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.exporters = slices.DeleteFunc(s.exporters, func(x managed.Exporter) bool { return x == e })
	}
}

// Exporters returns those that are attached.
func (s *Source) Exporters() []managed.Exporter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.exporters)
}

// NoStream implements managed.Source.
func (s *Source) NoStream(project string, d managed.Destination, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noStream[project+" "+string(d)] += events
}

// Missed returns the events that had no stream for a destination, by project.
func (s *Source) Missed(project string, d managed.Destination) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.noStream[project+" "+string(d)]
}

// Look makes o the observer.
func (s *Source) Look(o managed.Observer) { s.observer.Store(&o) }

// Observer implements managed.Source.
func (s *Source) Observer() managed.Observer {
	if o := s.observer.Load(); o != nil {
		return *o
	}
	return nil
}

// Host is a component.Host with a source and further extensions.
type Host struct {
	Source *Source
	Others map[component.ID]component.Component
}

// GetExtensions implements component.Host.
func (h Host) GetExtensions() map[component.ID]component.Component {
	all := map[component.ID]component.Component{ID: h.Source}
	for id, ext := range h.Others {
		all[id] = ext
	}
	return all
}
