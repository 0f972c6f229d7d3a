package stytchencodingextension

import (
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// encoding is what the components look for that take an encoding: a plog.Unmarshaler and
// a plog.Marshaler. It is safe for concurrent use.
type encoding struct {
	component.StartFunc
	component.ShutdownFunc
	version string
	promote []stytch.Field
}

func newEncoding(version string, cfg *Config) *encoding {
	return &encoding{version: version, promote: stytch.Fields(cfg.Promote)}
}

// UnmarshalLogs reads a JSON object, an array of objects, or objects on lines of their
// own. It returns the records of all of them, or an error that names the place.
func (e *encoding) UnmarshalLogs(buf []byte) (plog.Logs, error) {
	text := string(buf) // one copy, whose memory all events share
	records := stytch.Records{
		Logs: plog.NewLogs(), Version: e.version, Arrived: pcommon.NewTimestampFromTime(time.Now()),
	}
	err := stytch.ReadEach(text, func(i int) (int, error) {
		end, err := records.Event.ScanAt(text, i, e.promote)
		if err != nil {
			return end, err
		}
		records.Event.Record(records.Add(text[i:end], records.Time()), e.promote)
		return end, nil
	})
	if err != nil {
		return plog.Logs{}, err
	}
	return records.Logs, nil
}

// MarshalLogs returns the bodies as they are, with a line end between two of them and none
// at the end: a single event is exactly its bytes.
func (e *encoding) MarshalLogs(ld plog.Logs) ([]byte, error) {
	size := 0
	forEachBody(ld, func(body pcommon.Value) {
		if body.Type() == pcommon.ValueTypeBytes {
			size += body.Bytes().Len() + 1
		} else {
			size += len(body.Str()) + 1
		}
	})
	buf := make([]byte, 0, size)
	first := true
	forEachBody(ld, func(body pcommon.Value) {
		if !first {
			buf = append(buf, '\n')
		}
		first = false
		switch body.Type() {
		case pcommon.ValueTypeStr:
			buf = append(buf, body.Str()...)
		case pcommon.ValueTypeBytes: // of a receiver that decodes nothing
			buf = append(buf, body.Bytes().AsRaw()...)
		default:
			buf = append(buf, body.AsString()...)
		}
	})
	return buf, nil
}

func forEachBody(ld plog.Logs, do func(pcommon.Value)) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				do(lr.Body())
			}
		}
	}
}
