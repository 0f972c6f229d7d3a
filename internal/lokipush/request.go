// Package lokipush is the wire format of Loki's push API, POST
// /loki/api/v1/push, read and written without a tree in between. Its source is
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs and,
// where that is silent, what Loki 3.7 answers.
//
// A request holds streams; a stream has labels and entries; an entry has a
// timestamp in nanoseconds since the epoch, a line, and structured metadata.
package lokipush

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// Path is where Loki takes pushes.
const Path = "/loki/api/v1/push"

// Errors that are not about a place in the body.
var (
	// ErrNoStreams is a request without any stream, which Loki answers with 422.
	ErrNoStreams = errors.New("at least one stream is required")
	// ErrTooMany is a request of more streams or more entries than MaxEntries.
	ErrTooMany = errors.New("too many entries in one request")
)

// Request is one decoded push. It can be decoded into again: its slices are
// reused, its strings are new each time and never share memory with the body.
type Request struct {
	Streams []Stream

	// MaxEntries bounds the entries of a request, and its streams; 0 does not.
	MaxEntries int

	text    text
	quotes  jsonscan.QuoteIndex // of the lines, one after the other
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

	// Quotes is the index of Line, or empty. Only DecodeJSON sets it.
	Quotes jsonscan.QuoteIndex
}

// maxPairs is how many labels a stream, and how many pairs of structured
// metadata a line, can have. Loki's own defaults are 15 and 128:
// https://grafana.com/docs/loki/latest/configure/#limits_config. A bound there
// must be, since names are compared with each other.
const maxPairs = 128

// Entries returns how many entries the streams hold.
func (r *Request) Entries() int { return len(r.entries) }

// keep is how many streams, entries and labels a request keeps room for: one
// huge request must not pin its memory for ever.
const keep = 16 << 10

// The room for the lines' indexes is one quote for bytesPerQuote of the body,
// where events have one in 12 bytes or so: indexes take no more memory than half
// the body. Room for keepQuotes is kept.
const (
	bytesPerQuote = 8
	keepQuotes    = 32 * keep
)

// Reset lets go of all that r holds, but for room to decode into again.
func (r *Request) Reset() {
	r.Streams, r.entries, r.labels = emptied(r.Streams), emptied(r.entries), emptied(r.labels)
	if cap(r.quotes) > keepQuotes {
		r.quotes = nil
	}
	r.quotes = r.quotes[:0]
	r.text.arena = strings.Builder{}
}

// begin readies r for a body of size bytes. No string in a body is longer
// once it is out of its quotes, so the text never outgrows that size.
func (r *Request) begin(size int) {
	r.Reset()
	r.text.arena.Grow(size)
}

func emptied[T any](s []T) []T {
	if cap(s) > keep {
		return nil
	}
	clear(s)
	return s[:0]
}

// addStream adds a stream. Loki takes a label with an empty value for none.
func (r *Request) addStream(labels []Label, entries []Entry) error {
	if r.MaxEntries > 0 && len(r.Streams) >= r.MaxEntries {
		return ErrTooMany
	}
	labels = slices.DeleteFunc(labels, func(l Label) bool { return l.Value == "" && ValidLabelName(l.Name) })
	if err := checkLabels(labels); err != nil {
		return err
	}
	r.Streams = append(r.Streams, Stream{Labels: labels, Entries: entries})
	return nil
}

func (r *Request) addEntry(e Entry) error {
	if r.MaxEntries > 0 && len(r.entries) >= r.MaxEntries {
		return ErrTooMany
	}
	r.entries = append(r.entries, e)
	return nil
}

// addPair adds a label or a pair of structured metadata to those that began at
// r.labels[first]. Where a name stands twice the last counts.
func (r *Request) addPair(first int, name, value string) error {
	pairs := r.labels[first:]
	for i := range pairs {
		if pairs[i].Name == name {
			pairs[i].Value = value
			return nil
		}
	}
	if len(pairs) == maxPairs {
		return fmt.Errorf("more than %d names", maxPairs)
	}
	r.labels = append(r.labels, Label{Name: name, Value: value})
	return nil
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
