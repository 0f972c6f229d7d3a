package stytchreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// batch collects the records of one request: a ResourceLogs for each stream
// and project.
type batch struct {
	logs      plog.Logs
	arrived   pcommon.Timestamp
	promote   []stytch.Field
	maxEvents int
	events    int
	malformed int    // events that are no JSON object
	version   string // of the receiver
	room      int    // how many events there is memory for

	event stytch.Event

	// Of the stream that is being read.
	labels   []lokipush.Label
	expected int // entries
	projects map[string]plog.LogRecordSlice
	project  string // of records
	records  plog.LogRecordSlice
	begun    bool
}

func newBatch(promote []stytch.Field, maxEvents int, now time.Time) *batch {
	return &batch{
		logs: plog.NewLogs(), arrived: pcommon.NewTimestampFromTime(now),
		promote: promote, maxEvents: maxEvents,
	}
}

// errMoreEvents is a request of more events than there is memory for.
var errMoreEvents = errors.New("more events than there is memory for")

func (b *batch) tooMany() error {
	return refuse(http.StatusRequestEntityTooLarge, reasonTooManyEvents,
		fmt.Errorf("the request holds more than %d events or streams, which is max_events_per_request: send fewer at a time", b.maxEvents))
}

// stream begins a stream. Its labels stand on the resource of each of its
// records, but for the two that the processor sets.
func (b *batch) stream(labels []lokipush.Label, entries int) {
	b.labels, b.expected, b.begun = labels, entries, false
	clear(b.projects)
}

// line adds the line of a Loki entry, whatever it holds.
func (b *batch) line(e *lokipush.Entry) error {
	promote := b.promote
	if b.event.ScanIndexed(e.Line, e.Quotes, promote) != nil {
		b.malformed++
		b.event, promote = stytch.Event{}, nil
	}
	// The names are ours: with another's stytch.webhook_id an event would be
	// taken for a repeat.
	metadata := slices.DeleteFunc(e.Metadata, func(l lokipush.Label) bool { return strings.HasPrefix(l.Name, stytch.AttrPrefix) })
	return b.add(e.Line, pcommon.Timestamp(e.Timestamp), metadata, promote)
}

// add appends the record of b.event.
func (b *batch) add(text string, at pcommon.Timestamp, metadata []lokipush.Label, promote []stytch.Field) error {
	if b.events >= b.maxEvents {
		return b.tooMany()
	}
	if b.events >= b.room {
		return errMoreEvents
	}
	b.events++
	lr := b.of(b.event.ProjectID).AppendEmpty()
	lr.SetTimestamp(at)
	lr.SetObservedTimestamp(b.arrived)
	lr.Body().SetStr(text)
	if len(metadata) > 0 {
		attrs := lr.Attributes()
		attrs.EnsureCapacity(len(metadata) + 5)
		for _, m := range metadata {
			attrs.PutStr(m.Name, m.Value)
		}
	}
	b.event.Record(lr, promote)
	return nil
}

// of returns the records of a project in the stream.
func (b *batch) of(project string) plog.LogRecordSlice {
	if b.begun && project == b.project {
		return b.records
	}
	if b.begun {
		if b.projects == nil {
			b.projects = map[string]plog.LogRecordSlice{}
		}
		b.projects[b.project] = b.records
	}
	records, known := b.projects[project]
	if !known {
		records = b.resource()
		if !b.begun {
			records.EnsureCapacity(b.expected) // most streams hold one project
		}
	}
	b.project, b.records, b.begun = project, records, true
	return records
}

func (b *batch) resource() plog.LogRecordSlice {
	rl := b.logs.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	// The project, its environment and what the processor sets, which two of the
	// labels usually stand for.
	attrs.EnsureCapacity(max(len(b.labels)+2, 4))
	for _, l := range b.labels {
		if l.Name != stytch.LabelSource && l.Name != stytch.LabelServiceName {
			attrs.PutStr(l.Name, l.Value)
		}
	}
	b.event.Resource(attrs)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(stytch.ScopeName)
	sl.Scope().SetVersion(b.version)
	return sl.LogRecords()
}
