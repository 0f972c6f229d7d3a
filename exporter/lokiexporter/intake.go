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

// intake puts records in the order in which they are sent. What it needs for
// that is used again.
type intake struct {
	scheme   *scheme
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

var intakes = sync.Pool{New: func() any { return &intake{index: map[string]int{}} }}

func newIntake(s *scheme, encoding lokipush.Encoding) *intake {
	in := intakes.Get().(*intake)
	in.scheme, in.encoding = s, encoding
	return in
}

// release makes in available to other batches. It lets go of the texts, and of
// room that one huge batch has needed.
func (in *intake) release() {
	clear(in.entries)
	clear(in.streams)
	clear(in.index)
	clear(in.scratch[:cap(in.scratch)])
	in.entries, in.streams, in.arena, in.unsorted = in.entries[:0], in.streams[:0], in.arena[:0], false
	if cap(in.entries) <= keepEntries && cap(in.arena) <= keepArena {
		intakes.Put(in)
	}
}

// How much room of an intake is used again: for entries, and in bytes.
const (
	keepEntries = 10_000
	keepArena   = 1 << 20
)

// add takes a record. Relabel tells that its labels can be other ones than
// those of the record before it.
func (in *intake) add(resource pcommon.Map, lr plog.LogRecord, at int64, position int, relabel bool) {
	if relabel {
		in.relabel(resource, lr)
	}
	e := entry{stream: in.stream, position: position, at: at, text: line(lr.Body()), metadata: len(in.arena)}
	in.scratch = in.scheme.appendMetadata(in.scratch[:0], resource, lr)
	in.arena = in.encoding.AppendMetadata(in.arena, in.scratch)
	e.end = len(in.arena)
	in.unsorted = in.unsorted || len(in.entries) > 0 && compare(in.entries[len(in.entries)-1], e) > 0
	in.entries = append(in.entries, e)
}

func (in *intake) relabel(resource pcommon.Map, lr plog.LogRecord) {
	in.scratch = in.scheme.appendLabels(in.scratch[:0], resource, lr)
	in.labels = in.encoding.AppendLabels(in.labels[:0], in.scratch)
	var known bool
	if in.stream, known = in.index[string(in.labels)]; !known {
		if string(in.labels) != in.last {
			in.last = string(in.labels)
		}
		in.stream = len(in.streams)
		in.streams = append(in.streams, in.last)
		in.index[in.last] = in.stream
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
func (in *intake) build(to *payload.Builder) {
	if in.unsorted {
		slices.SortStableFunc(in.entries, compare)
	}
	for i := range in.entries {
		e := &in.entries[i]
		to.Stream(in.streams[e.stream])
		line := lokipush.Line{Timestamp: e.at, Text: e.text, Metadata: in.arena[e.metadata:e.end]}
		to.End(in.encoding.AppendEntry(to.Begin(), &line), payload.Record{
			At: e.at, Text: uint32(len(e.text)), Position: uint32(e.position),
		})
	}
}
