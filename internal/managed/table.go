package managed

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Table holds every stream at one moment. It never changes, and is safe for
// concurrent use.
type Table struct {
	streams map[tableKey]*Stream
}

type tableKey struct {
	project     string
	destination Destination
}

// NewTable returns the table of these streams.
func NewTable(streams ...*Stream) *Table {
	t := &Table{make(map[tableKey]*Stream, len(streams))}
	for _, s := range streams {
		t.streams[tableKey{s.ProjectID, s.Destination}] = s
	}
	return t
}

// Stream returns a project's stream for a destination, or nil.
func (t *Table) Stream(project string, d Destination) *Stream {
	return t.streams[tableKey{project, d}]
}

// With returns the table with s, which replaces a stream of the same project and
// destination.
func (t *Table) With(s *Stream) *Table {
	streams := maps.Clone(t.streams)
	streams[tableKey{s.ProjectID, s.Destination}] = s
	return &Table{streams}
}

// Without returns the table without a project's stream for a destination.
func (t *Table) Without(project string, d Destination) *Table {
	streams := maps.Clone(t.streams)
	delete(streams, tableKey{project, d})
	return &Table{streams}
}

// Len is the number of streams.
func (t *Table) Len() int { return len(t.streams) }

// All yields every stream, in no order.
func (t *Table) All() iter.Seq[*Stream] { return maps.Values(t.streams) }

// Of yields the streams for a destination, in no order.
func (t *Table) Of(d Destination) iter.Seq[*Stream] {
	return func(yield func(*Stream) bool) {
		for key, s := range t.streams {
			if key.destination == d && !yield(s) {
				return
			}
		}
	}
}

// Sorted returns every stream by project and destination.
func (t *Table) Sorted() []*Stream {
	return slices.SortedFunc(t.All(), func(a, b *Stream) int {
		return cmp.Or(cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Destination, b.Destination))
	})
}
