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

// Errors of the decoders that name no place in the body.
var (
	// ErrNoStreams is returned for a request without streams. Loki answers it with 422.
	ErrNoStreams = errors.New("at least one stream is required")
	// ErrTooMany is wrapped for more streams or more entries than MaxEntries.
	ErrTooMany = errors.New("too many entries in one request")
	// ErrTooManyPairs is a request of more labels and structured metadata than MaxPairs.
	ErrTooManyPairs = errors.New("too many labels in one request")
)

// Request is one decoded push. It can be decoded into again, which reuses its slices. Its
// strings stay valid: they are new each time and never share memory with the body.
type Request struct {
	Streams []Stream

	// MaxEntries is the largest number of entries and of streams; 0 means no limit.
	MaxEntries int
	// MaxPairs bounds the labels and the pairs of structured metadata of a request,
	// all together; 0 does not.
	MaxPairs int

	text    text
	quotes  jsonscan.QuoteIndex // of the lines, one after the other
	labels  []Label
	entries []Entry
}

// Stream holds the entries of one set of labels.
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

// maxPairs is the largest number of labels of a stream and of structured metadata of a
// line. Loki's own defaults are 15 and 128:
// https://grafana.com/docs/loki/latest/configure/#limits_config. It bounds the comparison
// of each name with the others.
const maxPairs = 128

// Entries returns the number of entries of all streams.
func (r *Request) Entries() int { return len(r.entries) }

// keep is the number of streams, entries and labels for which a request keeps room: one
// huge request must not occupy its memory for ever.
const keep = 16 << 10

// The indexes of the lines have room for one quote in bytesPerQuote bytes of the body;
// events have about one in 12. So they take at most half the memory of the body. A request
// keeps room for keepQuotes.
const (
	bytesPerQuote = 8
	keepQuotes    = 32 * keep
)

// Reset drops the content of r and keeps room to decode into again.
func (r *Request) Reset() {
	r.Streams, r.entries, r.labels = emptied(r.Streams), emptied(r.entries), emptied(r.labels)
	if cap(r.quotes) > keepQuotes {
		r.quotes = nil
	}
	r.quotes = r.quotes[:0]
	r.text.arena = strings.Builder{}
}

// begin prepares r for a body of size bytes. No string gets longer when it is unquoted, so
// the text never outgrows that size.
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

// addStream adds a stream. It drops labels with an empty value, as Loki does.
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

// addPair adds a label or a pair of structured metadata to r.labels[first:]. Of a repeated
// name the last value counts.
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
	if r.MaxPairs > 0 && len(r.labels) >= r.MaxPairs {
		return ErrTooManyPairs
	}
	r.labels = append(r.labels, Label{Name: name, Value: value})
	return nil
}

// text holds all strings of one request in one allocation.
type text struct {
	arena   strings.Builder
	scratch []byte
}

// keep returns a copy of b in the arena.
func (t *text) keep(b []byte) string {
	start := t.arena.Len()
	t.arena.Write(b)
	return t.arena.String()[start:]
}
