package datadoglogsexporter

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// The members that Datadog reads a log's text, level, date and trace from:
// https://docs.datadoghq.com/logs/log_configuration/pipelines/?tab=date#preprocessing.
// It reads traces as decimal numbers of 64 bits; OpenTelemetry's own ids stand
// beside them:
// https://docs.datadoghq.com/tracing/other_telemetry/connect_logs_and_traces/opentelemetry/.
const (
	keyMessage   = "message"
	keyStatus    = "status"
	keyTimestamp = "timestamp"
	keyTraceID   = "dd.trace_id"
	keySpanID    = "dd.span_id"
	keyOtelTrace = "otel.trace_id"
	keyOtelSpan  = "otel.span_id"
)

// structure is the map that a record's body is, if it is one.
type structure struct {
	pcommon.Map
	is bool
}

func (s structure) has(key string) bool {
	if !s.is {
		return false
	}
	_, ok := s.Get(key)
	return ok
}

// appendMessage encodes a record that is no event: its body as the message, or
// a map's members at the root; its attributes, then its resource's, at the
// root. Of two members with one name the first of these is sent: the labels,
// the body's, level, date and trace, the record's, the resource's.
func (r *record) appendMessage(dst []byte) []byte {
	dst = append(dst, '{')
	start := len(dst)
	var body structure
	if r.Body().Type() == pcommon.ValueTypeMap {
		body = structure{r.Body().Map(), true}
		for k, v := range body.All() {
			if !r.labels.replace(k) {
				dst = appendMember(dst, start, k, v)
			}
		}
	} else {
		dst = jsonscan.AppendQuoted(appendKey(dst, start, keyMessage), r.Body().AsString())
	}
	dst = r.appendLevelDateTrace(dst, start, body)
	attrs := r.Attributes()
	for k, v := range attrs.All() {
		if !r.taken(k, body) {
			dst = appendMember(dst, start, k, v)
		}
	}
	for k, v := range r.labels.resource.All() {
		if r.labels.tell(k) {
			continue
		}
		if k == attrHost {
			k = keyHostname
		}
		if _, twice := attrs.Get(k); !twice && !r.taken(k, body) {
			dst = appendMember(dst, start, k, v)
		}
	}
	return r.labels.appendEnd(dst, len(dst) > start)
}

// taken tells whether a member before the attributes has the name.
func (r *record) taken(key string, body structure) bool {
	switch key {
	case keyMessage:
		if !body.is {
			return true
		}
	case keyStatus:
		if status(r.LogRecord) != "" {
			return true
		}
	case keyTimestamp:
		if r.at != 0 {
			return true
		}
	case keyTraceID, keyOtelTrace:
		if !r.TraceID().IsEmpty() {
			return true
		}
	case keySpanID, keyOtelSpan:
		if !r.SpanID().IsEmpty() {
			return true
		}
	}
	return r.labels.replace(key) || body.has(key)
}

func (r *record) appendLevelDateTrace(dst []byte, start int, body structure) []byte {
	if s := status(r.LogRecord); s != "" && !body.has(keyStatus) {
		dst = jsonscan.AppendQuoted(appendKey(dst, start, keyStatus), s)
	}
	if r.at != 0 && !body.has(keyTimestamp) { // milliseconds: Datadog reads no finer ones
		dst = strconv.AppendInt(appendKey(dst, start, keyTimestamp), r.at.AsTime().UnixMilli(), 10)
	}
	if id := r.TraceID(); !id.IsEmpty() {
		dst = appendDecimal(dst, start, keyTraceID, id[8:], body)
		dst = appendHex(dst, start, keyOtelTrace, id[:], body)
	}
	if id := r.SpanID(); !id.IsEmpty() {
		dst = appendDecimal(dst, start, keySpanID, id[:], body)
		dst = appendHex(dst, start, keyOtelSpan, id[:], body)
	}
	return dst
}

func appendDecimal(dst []byte, start int, key string, id []byte, body structure) []byte {
	if body.has(key) {
		return dst
	}
	dst = append(appendKey(dst, start, key), '"')
	dst = strconv.AppendUint(dst, binary.BigEndian.Uint64(id), 10)
	return append(dst, '"')
}

func appendHex(dst []byte, start int, key string, id []byte, body structure) []byte {
	if body.has(key) {
		return dst
	}
	dst = append(appendKey(dst, start, key), '"')
	dst = hex.AppendEncode(dst, id)
	return append(dst, '"')
}

// status is the level: of the severity's number by the names that Datadog's
// status remapper reads, else the severity as it is written.
func status(lr plog.LogRecord) string {
	switch n := lr.SeverityNumber(); {
	case n >= plog.SeverityNumberTrace && n < plog.SeverityNumberDebug:
		return "trace"
	case n >= plog.SeverityNumberDebug && n < plog.SeverityNumberInfo:
		return "debug"
	case n >= plog.SeverityNumberInfo && n < plog.SeverityNumberWarn:
		return "info"
	case n >= plog.SeverityNumberWarn && n < plog.SeverityNumberError:
		return "warn"
	case n >= plog.SeverityNumberError && n < plog.SeverityNumberFatal:
		return "error"
	case n >= plog.SeverityNumberFatal && n <= plog.SeverityNumberFatal4:
		return "fatal"
	default:
		return lr.SeverityText()
	}
}
