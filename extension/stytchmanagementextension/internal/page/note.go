package page

import "github.com/otelcol-stytch/otelcol-stytch/internal/managed"

// note says once, on the page that follows, what came of a form.
type note struct {
	Bad  bool
	Text string
	Said string // the destination's words
}

// draft is what a user typed into a stream's form and has not saved.
type draft struct {
	project     string
	destination managed.Destination
	credentials managed.Credentials // with the secret, which no browser gets
	isNew       bool
	errors      map[string]string // by field
}

func (s *session) say(n note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note = &n
}

// takeNote returns the note and forgets it.
func (s *session) takeNote() *note {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.note
	s.note = nil
	return n
}

func (s *session) keep(d *draft) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draft = d
}

// draftOf returns the draft for a stream, or nil. A draft of a new stream has no other
// address than the form for new streams.
func (s *session) draftOf(isNew bool, project string, d managed.Destination) *draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.draft
	if kept == nil || kept.isNew != isNew || (!isNew && (kept.project != project || kept.destination != d)) {
		return nil
	}
	return kept
}
