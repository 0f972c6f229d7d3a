package httpsend

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

func TestTheErrorHoldsOnlyTheRest(t *testing.T) {
	ld := plog.NewLogs()
	for range 2 {
		rl := ld.ResourceLogs().AppendEmpty()
		for range 2 {
			sl := rl.ScopeLogs().AppendEmpty()
			for range 2 {
				sl.LogRecords().AppendEmpty().Body().SetInt(int64(ld.LogRecordCount() - 1))
			}
		}
	}
	cause := errors.New("busy")
	require.Equal(t, cause, withRemainder(cause, ld, rest(0, 1, 2, 3, 4, 5, 6, 7)), "all of it: the same again")

	bodies := func(err error) (left []int64) {
		var logs consumererror.Logs
		require.ErrorAs(t, err, &logs)
		for _, rl := range logs.Data().ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					left = append(left, lr.Body().Int())
				}
			}
		}
		return left
	}
	err := withRemainder(exporterhelper.NewThrottleRetry(cause, time.Second), ld, rest(6, 1, 7))
	require.Equal(t, []int64{1, 6, 7}, bodies(err))
	require.False(t, consumererror.IsPermanent(err))
	require.Equal(t, 8, ld.LogRecordCount(), "shared data is not touched")
}

// rest is a request of the records at these positions.
func rest(positions ...uint32) *payload.Request {
	return new(payload.Format).Build(func(to *payload.Builder) {
		for _, position := range positions {
			to.End(to.Begin(), payload.Record{Position: position})
		}
	})
}
