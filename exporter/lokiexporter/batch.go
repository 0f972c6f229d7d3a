package lokiexporter

import (
	"cmp"
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

// Which entries a Loki with its defaults refuses for their time:
// reject_old_samples_max_age and creation_grace_period in
// https://grafana.com/docs/loki/latest/configure/#limits_config.
const (
	maxAge   = 7 * 24 * time.Hour
	maxAhead = 10 * time.Minute
)

// batch is the entries of one push, those of a stream together and in the
// order of their time; at the same time, in the order they came in.
type batch struct {
	streams []stream
	lines   []lokipush.Line
	records []int // the positions of the lines' records in the pdata

	encoding   lokipush.Encoding
	maxRequest int
	done       func(lines []lokipush.Line)
}

type stream struct {
	labels []byte
	end    int // of its lines in the batch
}

// window is the times of entries that Loki takes.
type window struct{ oldest, newest int64 }

// always is the window that refuses nothing.
var always = window{0, math.MaxInt64}

func defaultWindow(now time.Time) window {
	return window{now.Add(-maxAge).UnixNano(), now.Add(maxAhead).UnixNano()}
}

// newBatch returns the entries within the window, and how many are before and
// after it. Now is the time of a record that has none.
func newBatch(ld plog.Logs, s *scheme, encoding lokipush.Encoding, now time.Time, within window) (b *batch, before, after int) {
	in := newIntake(ld.LogRecordCount(), s, encoding)
	position := -1
	for _, rl := range ld.ResourceLogs().All() {
		resource := rl.Resource().Attributes()
		first := true // of the resource
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				position++
				switch at := timestamp(lr, now); {
				case at < within.oldest:
					before++
				case at > within.newest:
					after++
				default:
					in.add(resource, lr, at, position, first || s.perRecord)
					first = false
				}
			}
		}
	}
	return in.batch(), before, after
}

// timestamp is the record's own, else the time at which it was observed, and
// the time of sending only where it has neither: that makes a second attempt
// another entry, but at the epoch Loki would refuse it.
func timestamp(lr plog.LogRecord, now time.Time) int64 {
	at := cmp.Or(lr.Timestamp(), lr.ObservedTimestamp(), pcommon.NewTimestampFromTime(now))
	return int64(min(at, math.MaxInt64))
}

func (b *batch) Len() int { return len(b.lines) }

// Append encodes a request of one stream, of which Loki tells whether it was
// stored: see lokipush.Encoding.
func (b *batch) Append(dst []byte, lo, hi int) ([]byte, int) {
	i, _ := slices.BinarySearchFunc(b.streams, lo+1, func(s stream, end int) int { return cmp.Compare(s.end, end) })
	s := &b.streams[i]
	dst, taken := b.encoding.AppendPush(dst, s.labels, b.lines[lo:min(hi, s.end)], b.maxRequest)
	return dst, lo + taken
}

// Done counts what was delivered.
func (b *batch) Done(lo, hi int) { b.done(b.lines[lo:hi]) }
