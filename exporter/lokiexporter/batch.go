package lokiexporter

import (
	"cmp"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// batch is the entries of one push, those of a stream together and in the
// order of their time.
type batch struct {
	streams []string // their labels, as a JSON object
	entries []entry
}

type entry struct {
	stream   int
	at       pcommon.Timestamp
	record   plog.LogRecord
	position int // in the pdata
}

func newBatch(ld plog.Logs) *batch {
	b := &batch{entries: make([]entry, 0, ld.LogRecordCount())}
	index := map[string]int{}
	var labels []byte
	for _, rl := range ld.ResourceLogs().All() {
		labels = appendLabels(labels[:0], rl.Resource().Attributes())
		stream, known := index[string(labels)]
		if !known {
			stream = len(b.streams)
			b.streams = append(b.streams, string(labels))
			index[b.streams[stream]] = stream
		}
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				b.entries = append(b.entries, entry{stream, timestamp(lr), lr, len(b.entries)})
			}
		}
	}
	slices.SortStableFunc(b.entries, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.stream, y.stream), cmp.Compare(x.at, y.at))
	})
	return b
}

// timestamp is the record's own, else the time at which it was observed: not
// the time of sending, which would make a second attempt another entry.
func timestamp(lr plog.LogRecord) pcommon.Timestamp {
	if at := lr.Timestamp(); at != 0 {
		return at
	}
	return lr.ObservedTimestamp()
}

// unknownService is what Loki itself calls a stream without service_name:
// https://grafana.com/docs/loki/latest/get-started/labels/#default-labels-for-all-users.
const unknownService = "unknown_service"

// appendLabels appends the stream labels of a resource as a JSON object.
func appendLabels(dst []byte, attrs pcommon.Map) []byte {
	dst = append(dst, '{')
	if source, ok := attrs.Get(stytch.AttrSource); ok && source.AsString() != "" {
		dst = append(dst, `"`+stytch.LabelSource+`":`...)
		dst = jsonscan.AppendQuoted(dst, source.AsString())
		dst = append(dst, ',')
	}
	service := unknownService
	if v, ok := attrs.Get(stytch.AttrServiceName); ok && v.AsString() != "" {
		service = v.AsString()
	}
	dst = append(dst, `"`+stytch.LabelServiceName+`":`...)
	dst = jsonscan.AppendQuoted(dst, service)
	return append(dst, '}')
}

// positions are those of the entries, in the batch's order.
func (b *batch) positions() []int {
	positions := make([]int, len(b.entries))
	for i := range b.entries {
		positions[i] = b.entries[i].position
	}
	return positions
}

// Done has nothing to count.
func (b *batch) Done(int, int) {}

func (b *batch) Len() int { return len(b.entries) }

// maxRequest bounds a request, in bytes before compression, well below Loki's
// default burst of 6 MB, above which a request can never pass:
// https://grafana.com/docs/loki/latest/configure/#limits_config.
const maxRequest = 1 << 20

// Append encodes a request of application/json of at most maxRequest bytes,
// unless the first entry alone makes it longer.
func (b *batch) Append(dst []byte, lo, hi int) ([]byte, int) {
	const end = `]}]}`
	start := len(dst)
	dst = append(dst, `{"streams":[`...)
	stream := -1
	for i := lo; i < hi; i++ {
		e := &b.entries[i]
		before := len(dst)
		switch {
		case e.stream == stream:
			dst = append(dst, ',')
		case stream >= 0:
			dst = append(dst, `]},`...)
			fallthrough
		default:
			dst = append(dst, `{"stream":`...)
			dst = append(dst, b.streams[e.stream]...)
			dst = append(dst, `,"values":[`...)
			stream = e.stream
		}
		dst = append(dst, `["`...)
		dst = strconv.AppendUint(dst, uint64(e.at), 10)
		dst = append(dst, `",`...)
		dst = jsonscan.AppendQuoted(dst, e.record.Body().AsString())
		dst = append(dst, ']')
		if i > lo && len(dst)+len(end)-start > maxRequest {
			return append(dst[:before], end...), i
		}
	}
	return append(dst, end...), hi
}
