package httpsend

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Range is the records from Lo up to, but not including, Hi.
type Range struct{ Lo, Hi int }

// undelivered returns Send's ranges that are still to do and the suspects, in
// order.
func undelivered(todo []Range, suspects []suspect) []Range {
	for _, x := range suspects {
		todo = append(todo, x.Range)
	}
	slices.SortFunc(todo, func(x, y Range) int { return cmp.Compare(x.Lo, y.Lo) })
	return todo
}

// RetryError returns the error by which exporterhelper tries again what is left of
// ld, and only that. Records are the positions in ld of the batch's records,
// in the batch's order: the n-th record of ld, counted through all resources
// and scopes, has position n. Nil stands for the order of ld itself.
func RetryError(err error, ld plog.Logs, rest []Range, records []int) error {
	left := make([]bool, ld.LogRecordCount())
	n := 0
	for _, r := range rest {
		for i := r.Lo; i < r.Hi; i++ {
			position := i
			if records != nil {
				position = records[i]
			}
			left[position] = true
			n++
		}
	}
	if n == len(left) {
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
