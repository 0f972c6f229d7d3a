package datadoglogsexporter

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Limits of a payload and of an entry:
// https://docs.datadoghq.com/api/latest/logs/#send-logs. A longer entry is
// answered 202 and cut without a word.
const (
	maxPayload = 5_000_000 // bytes, before compression
	maxEntries = 1000
	maxEntry   = 1_000_000 // bytes
)

// maxAge is from which age on Datadog answers 202 and shows nothing:
// https://docs.datadoghq.com/logs/log_configuration/processors/?tab=ui#log-date-remapper.
const maxAge = 18 * time.Hour

// batch is the records of one push, in their order in the pdata.
type batch struct {
	records  []record
	oversize Oversize
	tooOld   TooOld
	count    func(tally)
}

type record struct {
	plog.LogRecord
	labels *labels
	at     pcommon.Timestamp // the record's own time, else when it was observed
	old    bool
	large  bool // over maxEntry: found out by Append
}

// tally is how many records came to what.
type tally struct {
	delivered, truncated    int // truncated are among the delivered
	old                     int // delivered or not
	droppedOld, droppedSize int
}

func newBatch(ld plog.Logs, cfg *Config, now time.Time, count func(tally)) *batch {
	b := &batch{
		records: make([]record, 0, ld.LogRecordCount()), oversize: cfg.Oversize, tooOld: cfg.TooOld, count: count,
	}
	oldest := pcommon.NewTimestampFromTime(now.Add(-maxAge))
	for _, rl := range ld.ResourceLogs().All() {
		l := newLabels(rl.Resource().Attributes(), cfg)
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				at := lr.Timestamp()
				if at == 0 {
					at = lr.ObservedTimestamp()
				}
				b.records = append(b.records, record{LogRecord: lr, labels: l, at: at, old: at != 0 && at < oldest})
			}
		}
	}
	return b
}

func (b *batch) Len() int { return len(b.records) }

// Append encodes a JSON array of at most maxEntries records that is at most
// maxPayload bytes long, unless the first record alone is longer. It leaves
// out what the configuration says to drop.
func (b *batch) Append(dst []byte, lo, hi int) ([]byte, int) {
	start, n := len(dst), 0
	dst = append(dst, '[')
	for i := lo; i < hi; i++ {
		r := &b.records[i]
		if r.old && b.tooOld == TooOldDrop {
			continue
		}
		before := len(dst)
		if n > 0 {
			dst = append(dst, ',')
		}
		entry := len(dst)
		dst = r.append(dst)
		if r.large = len(dst)-entry > maxEntry; r.large {
			if b.oversize == OversizeDrop {
				dst = dst[:before]
				continue
			}
			dst = shorten(dst, entry)
		}
		if n > 0 && len(dst)+1-start > maxPayload || n == maxEntries {
			return append(dst[:before], ']'), i
		}
		n++
	}
	if n == 0 {
		return dst[:start], hi
	}
	return append(dst, ']'), hi
}

// Done counts here, where each record comes by once, however often it was
// encoded and tried.
func (b *batch) Done(lo, hi int) {
	var t tally
	for i := range b.records[lo:hi] {
		r := &b.records[lo+i]
		if r.old {
			t.old++
		}
		switch {
		case r.old && b.tooOld == TooOldDrop:
			t.droppedOld++
		case r.large && b.oversize == OversizeDrop:
			t.droppedSize++
		default:
			t.delivered++
			if r.large {
				t.truncated++
			}
		}
	}
	b.count(t)
}
