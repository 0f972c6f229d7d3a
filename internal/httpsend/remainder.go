package httpsend

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// undelivered returns the ranges that are still to send and the rejected records, in
// order.
func undelivered(todo []payload.Range, refused []rejectedAlone) []payload.Range {
	for _, x := range refused {
		todo = append(todo, x.Range)
	}
	slices.SortFunc(todo, func(x, y payload.Range) int { return cmp.Compare(x.Lo, y.Lo) })
	return todo
}

// withRemainder returns err with the records of ld that are in rest, so that the
// caller of the exporter can send them again. Err alone stands for all of ld.
func withRemainder(err error, ld plog.Logs, rest *payload.Request) error {
	left := make([]bool, ld.LogRecordCount())
	for position := range rest.Positions() {
		left[position] = true
	}
	if !slices.Contains(left, false) {
		return err
	}
	remaining := plog.NewLogs()
	ld.CopyTo(remaining) // ld may be shared with another pipeline
	position := -1
	remaining.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			sl.LogRecords().RemoveIf(func(plog.LogRecord) bool {
				position++
				return !left[position]
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
	return consumererror.NewLogs(err, remaining)
}
