package stytch

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// NewLogs returns the logs of one event that came just now, a JSON object, as the
// receiver and the processor with its default configuration make them.
func NewLogs(event string) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(ScopeName)
	lr := sl.LogRecords().AppendEmpty()
	now := time.Now()
	lr.SetTimestamp(pcommon.NewTimestampFromTime(now))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	lr.Body().SetStr(event)
	attrs := rl.Resource().Attributes()
	var e Event
	if err := e.Scan(event, nil); err == nil { // else it is sent as the text that it is
		e.Resource(attrs)
		e.Record(lr, nil)
	}
	attrs.PutStr(AttrSource, DefaultSource)
	attrs.PutStr(AttrServiceName, DefaultService)
	return ld
}
