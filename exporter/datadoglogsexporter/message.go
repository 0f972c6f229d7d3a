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

// isDate tells whether Datadog reads a log's date from a member of that name.
func isDate(name string) bool {
	switch name {
	case "@timestamp", keyTimestamp, "_timestamp", "Timestamp", "eventTime", "date", "published_date", "syslog.timestamp":
		return true
	}
	return false
}

// isStatus tells whether Datadog reads a log's level from a member of that name.
func isStatus(name string) bool {
	switch name {
	case keyStatus, "severity", "level", "syslog.severity":
		return true
	}
	return false
}

// appendMessage encodes a record whose body is a text: as the message, with the
// rest of the record beside it.
func (r *record) appendMessage(dst []byte, text string) []byte {
	e := r.entry
	e.begin(dst)
	e.add(keyMessage)
	e.dst = jsonscan.AppendQuoted(e.dst, text)
	r.addRest(e)
	return r.reserved.appendEnd(e.dst, true)
}

// appendMap encodes a record whose body is a map: its members at the root, with
// the rest of the record beside them. Those of a reserved field's name give way to it.
func (r *record) appendMap(dst []byte, body pcommon.Map) []byte {
	e := r.entry
	e.begin(dst)
	for k, v := range body.All() {
		if r.reserved.replace(k) {
			continue
		}
		e.add(k)
		e.dst = appendValue(e.dst, v)
		if v.Type() == pcommon.ValueTypeMap && isParent(k) {
			for child := range v.Map().All() {
				e.note(k + "." + child)
			}
		}
	}
	r.addRest(e)
	return r.reserved.appendEnd(e.dst, len(e.dst) > e.start)
}

// appendObject encodes a record whose body is the JSON object of another service:
// every byte between its braces, then what it lacks of the rest of the record and
// of the reserved fields. It returns false, and dst as it was, unless text is exactly one
// valid JSON object in valid UTF-8.
func (r *record) appendObject(dst []byte, text string) ([]byte, bool) {
	o, err := jsonscan.ReadObject(text, jsonscan.SkipSpace(text, 0), 0)
	if err != nil {
		return dst, false
	}
	e := r.entry
	e.begin(dst)
	first, end := 0, 0
	var m jsonscan.Member
	for o.Next(&m) {
		if end == 0 {
			first = m.Key
		}
		end = m.End
		e.noteMember(text, &m)
	}
	if o.Err() != nil || jsonscan.SkipSpace(text, o.End()) != len(text) {
		return dst, false
	}
	e.dst = append(e.dst, text[first:end]...)
	r.addRest(e)
	for _, l := range r.reserved.members {
		if !e.has(l.name) {
			e.add(l.name)
			e.dst = append(e.dst, l.value...)
		}
	}
	return append(e.dst, '}'), true
}

// addRest adds level, date and trace, the record's attributes and its resource's.
// Of two members with one name the first of these is sent: the body's, the reserved fields,
// level, date and trace, the record's, the resource's.
func (r *record) addRest(e *entry) {
	if s := status(r.LogRecord); s != "" && !e.hasAny(isStatus) {
		e.addString(keyStatus, s)
	}
	if r.at != 0 && !e.hasAny(isDate) {
		e.note(keyTimestamp)
		e.dst = r.appendDate(e.dst, e.start)
	}
	if id := r.TraceID(); !id.IsEmpty() {
		e.addID(keyTraceID, keyOtelTrace, id[8:], id[:])
	}
	if id := r.SpanID(); !id.IsEmpty() {
		e.addID(keySpanID, keyOtelSpan, id[:], id[:])
	}
	for k, v := range r.Attributes().All() {
		r.addAttribute(e, k, v)
	}
	for k, v := range r.reserved.resource.All() {
		if r.reserved.sentReserved(k) {
			continue
		}
		if k == attrHost {
			k = keyHostname
		}
		r.addAttribute(e, k, v)
	}
}

func (r *record) addAttribute(e *entry, name string, v pcommon.Value) {
	if !r.reserved.replace(name) && !e.has(name) {
		e.add(name)
		e.dst = appendValue(e.dst, v)
	}
}

// addID adds the last 64 bits of an id in decimal and the whole in hexadecimal.
func (e *entry) addID(decimal, hexadecimal string, last, whole []byte) {
	if !e.has(decimal) {
		e.addString(decimal, strconv.FormatUint(binary.BigEndian.Uint64(last), 10))
	}
	if !e.has(hexadecimal) {
		e.addString(hexadecimal, hex.EncodeToString(whole))
	}
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
