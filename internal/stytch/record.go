package stytch

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// attributes is how many record attributes an event log usually has: event id,
// action, status, request id and status code.
const attributes = 5

// Resource writes what the event tells of its resource: its project and, from
// the project id's prefix, its environment.
func (e *Event) Resource(attrs pcommon.Map) {
	if e.ProjectID == "" {
		return
	}
	attrs.PutStr(AttrProjectID, e.ProjectID)
	switch {
	case strings.HasPrefix(e.ProjectID, "project-live-"):
		attrs.PutStr(AttrEnvironment, "live")
	case strings.HasPrefix(e.ProjectID, "project-test-"):
		attrs.PutStr(AttrEnvironment, "test")
	}
}

// Record writes the event's fields into a log record: severity, event name and
// attributes, but neither its body nor its times. Promote are the fields that
// Scan was given.
func (e *Event) Record(lr plog.LogRecord, promote []Field) {
	attrs := lr.Attributes()
	attrs.EnsureCapacity(attrs.Len() + attributes + len(promote))
	put(attrs, AttrEventID, e.ID)
	put(attrs, AttrAction, e.Action)
	put(attrs, AttrStatus, e.Status)
	put(attrs, AttrRequestID, e.RequestID)
	if e.HasHTTPStatusCode {
		attrs.PutInt(AttrStatusCode, e.HTTPStatusCode)
	}
	for i, f := range promote {
		putRaw(attrs, f.attribute, e.promoted[i])
	}
	lr.SetEventName(e.EventName())
	if e.Status != "" {
		lr.SetSeverityText(e.Status)
		lr.SetSeverityNumber(e.severity())
	}
}

// EventName is the action of an event log. A webhook's type is not in its
// body as one field but as three: source.object_type.action in lower case.
func (e *Event) EventName() string {
	if e.ObjectType == "" || e.Source == "" || e.Action == "" {
		return e.Action
	}
	return strings.ToLower(e.Source + "." + e.ObjectType + "." + e.Action)
}

// severity is Stytch's own mapping in its Datadog pipeline: a client's error
// is a warning, any other an error.
func (e *Event) severity() plog.SeverityNumber {
	switch {
	case strings.EqualFold(e.Status, "start"), strings.EqualFold(e.Status, "success"):
		return plog.SeverityNumberInfo
	case strings.EqualFold(e.Status, "error"):
		if e.HasHTTPStatusCode && e.HTTPStatusCode/100 == 4 {
			return plog.SeverityNumberWarn
		}
		return plog.SeverityNumberError
	default:
		return plog.SeverityNumberUnspecified
	}
}

func put(attrs pcommon.Map, name, value string) {
	if value != "" {
		attrs.PutStr(name, value)
	}
}

// putRaw sets an attribute to a JSON value: strings, booleans and integers as
// such, anything else as the JSON it is, so that no digit is lost. null and ""
// are absent.
func putRaw(attrs pcommon.Map, name, raw string) {
	if raw == "" || raw == "null" {
		return
	}
	switch raw[0] {
	case '"':
		put(attrs, name, unquote(raw))
	case 't', 'f':
		attrs.PutBool(name, raw == "true")
	default:
		if n, ok := integer(raw); ok {
			attrs.PutInt(name, n)
		} else {
			attrs.PutStr(name, raw)
		}
	}
}
