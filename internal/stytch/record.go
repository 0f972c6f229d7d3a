package stytch

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// attributes is the usual number of record attributes: event id, action, status, request
// id and status code.
const attributes = 5

// Resource adds the event's project, and the environment by the prefix of the project id,
// to the attributes of a resource.
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

// ProjectOf returns the project of the events of a resource, "" where it has none.
func ProjectOf(rl plog.ResourceLogs) string {
	if v, ok := rl.Resource().Attributes().Get(AttrProjectID); ok {
		return v.AsString()
	}
	return ""
}

// Record writes severity, event name and attributes of the event to a log record, but not
// its body or its times. Promote must be the list that Scan got.
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

// EventName returns the action of an event log. A webhook's body has its type in three
// fields: the name is source.object_type.action in lower case.
func (e *Event) EventName() string {
	if e.ObjectType == "" || e.Source == "" || e.Action == "" {
		return e.Action
	}
	return strings.ToLower(e.Source + "." + e.ObjectType + "." + e.Action)
}

// severity returns the severity as Stytch's own Datadog pipeline maps it: an error with a
// 4xx code is a warning, any other is an error.
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

// putRaw sets an attribute to a JSON value: a string, a boolean or an integer by its type,
// anything else as its JSON text, so that no digit is lost. It skips null and "".
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
