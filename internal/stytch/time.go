package stytch

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Time returns the event's own time: `_timestamp` (integer, microseconds since the epoch),
// else `timestamp` (integer, milliseconds, or an RFC 3339 string, as in webhooks), else
// `time` (RFC 3339). It skips a field of another type, and a time outside the range of
// pdata (nanoseconds from 1970 to 2262). It returns 0 if no field is left.
func (e *Event) Time() pcommon.Timestamp {
	if ts := epoch(e.micros, time.Microsecond); ts != 0 {
		return ts
	}
	if ts := epoch(e.millis, time.Millisecond); ts != 0 {
		return ts
	}
	if ts := rfc3339(e.millis); ts != 0 {
		return ts
	}
	return rfc3339(e.rfc3339)
}

func epoch(raw string, unit time.Duration) pcommon.Timestamp {
	if raw == "" {
		return 0
	}
	n, ok := integer(raw)
	if !ok || n <= 0 || n > math.MaxInt64/int64(unit) {
		return 0
	}
	return pcommon.Timestamp(n * int64(unit))
}

// The range of pcommon.Timestamp.
var (
	firstTime = time.Unix(0, 1)
	lastTime  = time.Unix(0, math.MaxInt64)
)

func rfc3339(raw string) pcommon.Timestamp {
	if raw == "" || raw[0] != '"' {
		return 0
	}
	t, err := time.Parse(time.RFC3339Nano, raw[1:len(raw)-1])
	if err != nil || t.Before(firstTime) || t.After(lastTime) {
		return 0
	}
	return pcommon.NewTimestampFromTime(t)
}
