package datadoglogsexporter

import (
	"go.opentelemetry.io/collector/pdata/plog"
)

// Limits of a payload: https://docs.datadoghq.com/api/latest/logs/#send-logs.
const (
	maxPayload = 5_000_000 // bytes, before compression
	maxEntries = 1000
)

// batch is the records of one push, in their order in the pdata.
type batch struct {
	records []record
}

type record struct {
	plog.LogRecord
	labels *labels
}

func newBatch(ld plog.Logs, tags []string) *batch {
	b := &batch{records: make([]record, 0, ld.LogRecordCount())}
	for _, rl := range ld.ResourceLogs().All() {
		l := newLabels(rl.Resource().Attributes(), tags)
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				b.records = append(b.records, record{lr, l})
			}
		}
	}
	return b
}

// Done has nothing to count.
func (b *batch) Done(int, int) {}

func (b *batch) Len() int { return len(b.records) }

// Append encodes a JSON array of at most maxEntries records that is at most
// maxPayload bytes long, unless the first record alone is longer.
func (b *batch) Append(dst []byte, lo, hi int) ([]byte, int) {
	start := len(dst)
	dst = append(dst, '[')
	for i := lo; i < hi; i++ {
		end := len(dst)
		if i > lo {
			dst = append(dst, ',')
		}
		dst = b.records[i].append(dst)
		if i > lo && (len(dst)+1-start > maxPayload || i-lo == maxEntries) {
			return append(dst[:end], ']'), i
		}
	}
	return append(dst, ']'), hi
}
