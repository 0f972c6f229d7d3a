package stytchmanagementextension

import (
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// sources are what processors and exporters tell: who serves a destination, and which
// projects have no stream.
type sources struct {
	mu        *sync.Mutex
	attached  map[managed.Destination][]managed.Exporter
	noStreams *simplelru.LRU[projectOf, *unconfigured]
}

type projectOf struct {
	project     string
	destination managed.Destination
}

// unconfigured are events that were dropped for want of a stream.
type unconfigured struct {
	ProjectID   string
	Destination managed.Destination
	Events      int64
	LastSeen    time.Time
}

// maxUnconfigured bounds the memory that senders of made-up project ids take. Those seen
// last are kept.
const maxUnconfigured = 1000

func newSources() sources {
	s := sources{mu: new(sync.Mutex), attached: map[managed.Destination][]managed.Exporter{}}
	s.noStreams, _ = simplelru.NewLRU[projectOf, *unconfigured](maxUnconfigured, nil) // its error is a size below 1
	return s
}

// Attach is managed.Source's.
func (s *sources) Attach(x managed.Exporter) (detach func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := x.Destination()
	s.attached[d] = append(s.attached[d], x)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(s.attached[d], x); i >= 0 {
			s.attached[d] = slices.Delete(s.attached[d], i, i+1)
		}
	}
}

// exporter returns the first exporter that serves a destination, or nil.
func (s *sources) exporter(d managed.Destination) managed.Exporter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := s.attached[d]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// NoStream is managed.Source's.
func (s *sources) NoStream(project string, d managed.Destination, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := projectOf{project, d}
	u, found := s.noStreams.Get(key)
	if !found {
		u = &unconfigured{ProjectID: project, Destination: d}
		s.noStreams.Add(key, u)
	}
	u.Events += int64(events)
	u.LastSeen = time.Now()
}

// unconfigured returns the projects whose events were dropped for want of a stream, and
// still would be. Those seen last come first.
func (s *sources) unconfigured(table *managed.Table) []unconfigured {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []unconfigured
	for _, u := range s.noStreams.Values() {
		if table == nil || table.Stream(u.ProjectID, u.Destination) == nil {
			all = append(all, *u)
		}
	}
	slices.Reverse(all)
	return all
}
