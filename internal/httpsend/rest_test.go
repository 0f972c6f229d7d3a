package httpsend

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestRetryErrorHoldsOnlyTheRest(t *testing.T) {
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
	require.Equal(t, cause, RetryError(cause, ld, []Range{{0, 3}, {3, 8}}, nil), "all of it: the same again")

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
	err := RetryError(exporterhelper.NewThrottleRetry(cause, time.Second), ld, []Range{{1, 2}, {6, 8}}, nil)
	require.Equal(t, []int64{1, 6, 7}, bodies(err))
	require.False(t, consumererror.IsPermanent(err))
	err = RetryError(cause, ld, []Range{{0, 2}}, []int{7, 0, 1, 2, 3, 4, 5, 6})
	require.Equal(t, []int64{0, 7}, bodies(err))
	require.Equal(t, 8, ld.LogRecordCount(), "shared data is not touched")
}
