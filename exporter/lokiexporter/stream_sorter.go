package lokiexporter

import (
	"cmp"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// streamSorter puts records in the order in which they are sent. Its memory is used
// again.
type streamSorter struct {
	mapping  *labelMapping
	encoding lokipush.Encoding

	entries []entry
	streams []string       // their labels, encoded, in the order of their first records
	index   map[string]int // of the streams
	stream  int            // of the last record
	last    string         // stream that was new last: likely to be new to the next batch as well

	arena    []byte // all structured metadata, encoded
	labels   []byte // of the last record, encoded
	scratch  []lokipush.Label
	unsorted bool
}

type entry struct {
	stream, position int
	at               int64
	text             string
	metadata, end    int // where it stands in the arena
}

var streamSorters = sync.Pool{New: func() any { return &streamSorter{index: map[string]int{}} }}

func newStreamSorter(mapping *labelMapping, encoding lokipush.Encoding) *streamSorter {
	s := streamSorters.Get().(*streamSorter)
	s.mapping, s.encoding = mapping, encoding
	return s
}

// release makes s available to other batches. It lets go of the texts, and of
// room that one huge batch has needed.
func (s *streamSorter) release() {
	clear(s.entries)
	clear(s.streams)
	clear(s.index)
	clear(s.scratch[:cap(s.scratch)])
	s.entries, s.streams, s.arena, s.unsorted = s.entries[:0], s.streams[:0], s.arena[:0], false
	if cap(s.entries) <= keepEntries && cap(s.arena) <= keepArena {
		streamSorters.Put(s)
	}
}

// A sorter is used again up to this size: entries, and bytes of the arena.
const (
	keepEntries = 10_000
	keepArena   = 1 << 20
)

// add takes a record. Relabel says that its labels may differ from those of the
// record before it.
func (s *streamSorter) add(resource pcommon.Map, lr plog.LogRecord, at int64, position int, relabel bool) {
	if relabel {
		s.relabel(resource, lr)
	}
	e := entry{stream: s.stream, position: position, at: at, text: line(lr.Body()), metadata: len(s.arena)}
	s.scratch = s.mapping.appendMetadata(s.scratch[:0], resource, lr)
	s.arena = s.encoding.AppendMetadata(s.arena, s.scratch)
	e.end = len(s.arena)
	s.unsorted = s.unsorted || len(s.entries) > 0 && compare(s.entries[len(s.entries)-1], e) > 0
	s.entries = append(s.entries, e)
}

func (s *streamSorter) relabel(resource pcommon.Map, lr plog.LogRecord) {
	s.scratch = s.mapping.appendLabels(s.scratch[:0], resource, lr)
	s.labels = s.encoding.AppendLabels(s.labels[:0], s.scratch)
	var known bool
	if s.stream, known = s.index[string(s.labels)]; !known {
		if string(s.labels) != s.last {
			s.last = string(s.labels)
		}
		s.stream = len(s.streams)
		s.streams = append(s.streams, s.last)
		s.index[s.last] = s.stream
	}
}

// line is a body as it is written, byte for byte where it is a string or bytes, which
// receivers that decode nothing make.
func line(body pcommon.Value) string {
	switch body.Type() {
	case pcommon.ValueTypeStr:
		return lokipush.Text(body.Str())
	case pcommon.ValueTypeBytes:
		return lokipush.Text(string(body.Bytes().AsRaw()))
	default:
		return lokipush.Text(body.AsString())
	}
}

func compare(x, y entry) int {
	return cmp.Or(cmp.Compare(x.stream, y.stream), cmp.Compare(x.at, y.at))
}

// build encodes the records.
func (s *streamSorter) build(to *payload.Builder) {
	if s.unsorted {
		slices.SortStableFunc(s.entries, compare)
	}
	for i := range s.entries {
		e := &s.entries[i]
		to.Stream(s.streams[e.stream])
		line := lokipush.Line{Timestamp: e.at, Text: e.text, Metadata: s.arena[e.metadata:e.end]}
		to.End(s.encoding.AppendEntry(to.Begin(), &line), payload.Record{
			At: e.at, Text: uint32(len(e.text)), Position: uint32(e.position),
		})
	}
}
