package stytch

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Records collects events as log records: a ResourceLogs for each project. Call Begin, then
// for each event scan it into Event and call Add.
type Records struct {
	Logs    plog.Logs
	Version string            // of the component, for the scope
	Arrived pcommon.Timestamp // ObservedTimestamp of the records
	Event   Event             // the event that Add appends

	// What Begin began.
	label    func(pcommon.Map)
	expected int
	projects map[string]plog.LogRecordSlice
	project  string // of records
	records  plog.LogRecordSlice
	begun    bool // project and records are set
}

// Begin begins resources that are apart from those before. Label adds attributes to each
// of them; nil adds none. Expected is how many records to make room for.
func (r *Records) Begin(label func(pcommon.Map), expected int) {
	r.label, r.expected, r.begun = label, expected, false
	clear(r.projects)
}

// Add appends a record with a text and a time. Its other fields are Event.Record's to
// write.
func (r *Records) Add(text string, at pcommon.Timestamp) plog.LogRecord {
	lr := r.recordsOf(r.Event.ProjectID).AppendEmpty()
	lr.SetTimestamp(at)
	lr.SetObservedTimestamp(r.Arrived)
	lr.Body().SetStr(text)
	return lr
}

// Time is Event's own time, or that of its arrival.
func (r *Records) Time() pcommon.Timestamp {
	if at := r.Event.Time(); at != 0 {
		return at
	}
	return r.Arrived
}

// recordsOf returns the records of a project.
func (r *Records) recordsOf(project string) plog.LogRecordSlice {
	if r.begun && project == r.project {
		return r.records
	}
	if r.begun {
		if r.projects == nil {
			r.projects = map[string]plog.LogRecordSlice{}
		}
		r.projects[r.project] = r.records
	}
	records, known := r.projects[project]
	if !known {
		records = r.addResource()
		if !r.begun {
			records.EnsureCapacity(r.expected) // most requests hold one project
		}
	}
	r.project, r.records, r.begun = project, records, true
	return records
}

func (r *Records) addResource() plog.LogRecordSlice {
	rl := r.Logs.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	if r.label != nil {
		r.label(attrs)
	}
	// Project, environment, and the two attributes that the processor sets.
	attrs.EnsureCapacity(max(attrs.Len()+2, 4))
	r.Event.Resource(attrs)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(ScopeName)
	sl.Scope().SetVersion(r.Version)
	return sl.LogRecords()
}
