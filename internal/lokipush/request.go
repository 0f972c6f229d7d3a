// Package lokipush is the wire format of Loki's push API, POST
// /loki/api/v1/push, read and written without a tree in between. Its source is
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs and,
// where that is silent, what Loki 3.7 answers.
//
// A request holds streams; a stream has labels and entries; an entry has a
// timestamp in nanoseconds since the epoch, a line, and structured metadata.
package lokipush

import "strings"

// Path is where Loki takes pushes.
const Path = "/loki/api/v1/push"

// Request is one decoded push. It can be decoded into again: its slices are
// reused, its strings are new each time and never share memory with the body.
type Request struct {
	Streams []Stream

	text    text
	labels  []Label
	entries []Entry
}

// Stream is the entries of one set of labels.
type Stream struct {
	Labels  []Label
	Entries []Entry
}

// Label is a stream label or one pair of structured metadata.
type Label struct{ Name, Value string }

// Entry is one line.
type Entry struct {
	Timestamp int64 // nanoseconds since the epoch
	Line      string
	Metadata  []Label
}

// Entries returns how many entries the streams hold.
func (r *Request) Entries() int { return len(r.entries) }

// reset readies r for a body of size bytes. No string in a body is longer
// once it is out of its quotes, so the text never outgrows that size.
func (r *Request) reset(size int) {
	clear(r.Streams)
	clear(r.entries)
	clear(r.labels)
	r.Streams, r.entries, r.labels = r.Streams[:0], r.entries[:0], r.labels[:0]
	r.text.arena = strings.Builder{}
	r.text.arena.Grow(size)
}

// text holds the strings of one request in one piece of memory: one
// allocation, however many lines there are.
type text struct {
	arena   strings.Builder
	scratch []byte
}

// keep returns a copy of b that lives as long as it is referred to.
func (t *text) keep(b []byte) string {
	start := t.arena.Len()
	t.arena.Write(b)
	return t.arena.String()[start:]
}
