package lokiexporter

import (
	"cmp"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Which entries a Loki with its defaults refuses for their time:
// reject_old_samples_max_age and creation_grace_period in
// https://grafana.com/docs/loki/latest/configure/#limits_config.
const (
	maxAge   = 7 * 24 * time.Hour
	maxAhead = 10 * time.Minute
)

// encode returns the entries of ld, those of a stream together and in the order
// of their time; at the same time, in the order they came in. Now is the time
// of a record that has none.
func (enc *encoder) encode(ld plog.Logs, mapping *labelMapping, now time.Time) *payload.Request {
	sorter := newStreamSorter(mapping, enc.Encoding)
	defer sorter.release()
	position := 0
	for _, rl := range ld.ResourceLogs().All() {
		resource := rl.Resource().Attributes()
		first := true // of the resource
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				sorter.add(resource, lr, timestamp(lr, now), position, first || mapping.perRecord)
				first = false
				position++
			}
		}
	}
	return enc.format.Build(sorter.build)
}

// timestamp is the record's own, else the time at which it was observed, and
// the time of arrival here only where it has neither: at the epoch Loki would
// refuse it.
func timestamp(lr plog.LogRecord, now time.Time) int64 {
	at := cmp.Or(lr.Timestamp(), lr.ObservedTimestamp(), pcommon.NewTimestampFromTime(now))
	return int64(min(at, math.MaxInt64))
}

// outside returns r without the entries that Loki refuses for their time, and
// how many those are.
func outside(r *payload.Request, now time.Time) (within *payload.Request, before, after int, err error) {
	oldest, newest := now.Add(-maxAge).UnixNano(), now.Add(maxAhead).UnixNano()
	within, err = r.Without(func(x *payload.Record) bool {
		switch {
		case x.At < oldest:
			before++
		case x.At > newest:
			after++
		default:
			return false
		}
		return true
	})
	return within, before, after, err
}
