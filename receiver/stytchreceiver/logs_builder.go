package stytchreceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// logsBuilder builds the records of one request: a ResourceLogs for each stream and
// project. A parser calls stream, then addEntry or addObject for each event.
type logsBuilder struct {
	logs      plog.Logs
	arrived   pcommon.Timestamp
	promote   []stytch.Field
	version   string // of the receiver
	maxEvents int    // max_events_per_request
	room      int    // events for which memory is reserved

	events    int // added so far
	malformed int // of them no JSON object
	pairs     int // labels and structured metadata on the records and their resources

	event stytch.Event // the last that was scanned

	// The current stream.
	labels   []lokipush.Label
	expected int // entries
	projects map[string]plog.LogRecordSlice
	project  string // of records
	records  plog.LogRecordSlice
	begun    bool // project and records are set
}

// errMoreEvents is returned for more events than room.
var errMoreEvents = errors.New("more events than there is memory for")

func (b *logsBuilder) tooMany() error {
	return newHTTPError(reasonTooManyEvents,
		fmt.Errorf("the request holds more than %d events or streams, which is max_events_per_request: send fewer at a time", b.maxEvents))
}

// pairsPerEvent is how many labels and pairs of structured metadata take the memory of
// a record: each takes about 120 bytes, once decoded and once as an attribute. A request
// can have as many for each event of max_events_per_request.
const pairsPerEvent = recordWeight / 128

func (b *logsBuilder) tooManyPairs() error {
	return newHTTPError(reasonTooManyEvents,
		fmt.Errorf("the request holds more than %d labels and pairs of structured metadata, which is %d for each event of max_events_per_request: send fewer events at a time",
			pairsPerEvent*b.maxEvents, pairsPerEvent))
}

// weight is how many records without labels take the memory of those in b.
func (b *logsBuilder) weight() int { return b.events + b.pairs/pairsPerEvent }

// stream begins a stream. Its labels become resource attributes, except the two that
// the processor sets. Entries is how many records to make room for.
func (b *logsBuilder) stream(labels []lokipush.Label, entries int) {
	b.labels, b.expected, b.begun = labels, entries, false
	clear(b.projects)
}

// addEntry adds an entry of a Loki push, whatever its line holds.
func (b *logsBuilder) addEntry(e *lokipush.Entry) error {
	promote := b.promote
	if b.event.ScanIndexed(e.Line, e.Quotes, promote) != nil {
		b.malformed++
		b.event, promote = stytch.Event{}, nil
	}
	// A sender must not set our attributes: with the stytch.webhook_id of another
	// event deduplication would drop this one.
	metadata := slices.DeleteFunc(e.Metadata, func(l lokipush.Label) bool { return strings.HasPrefix(l.Name, stytch.AttrPrefix) })
	return b.add(e.Line, pcommon.Timestamp(e.Timestamp), metadata, promote)
}

// addObject adds the event that starts at text[i] and returns where it ends. Its time
// is its own, or that of its arrival.
func (b *logsBuilder) addObject(text string, i int, metadata ...lokipush.Label) (int, error) {
	end, err := b.event.ScanAt(text, i, b.promote)
	if err != nil {
		return end, err
	}
	at := b.event.Time()
	if at == 0 {
		at = b.arrived
	}
	return end, b.add(text[i:end], at, metadata, b.promote)
}

// add appends a record with the fields of b.event.
func (b *logsBuilder) add(text string, at pcommon.Timestamp, metadata []lokipush.Label, promote []stytch.Field) error {
	if b.events >= b.maxEvents {
		return b.tooMany()
	}
	if b.pairs > pairsPerEvent*b.maxEvents {
		return b.tooManyPairs()
	}
	if b.weight() >= b.room && b.room < b.maxEvents {
		return errMoreEvents
	}
	b.events++
	b.pairs += len(metadata)
	lr := b.recordsOf(b.event.ProjectID).AppendEmpty()
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

// recordsOf returns the records of a project in the current stream.
func (b *logsBuilder) recordsOf(project string) plog.LogRecordSlice {
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
		records = b.addResource()
		if !b.begun {
			records.EnsureCapacity(b.expected) // most streams hold one project
		}
	}
	b.project, b.records, b.begun = project, records, true
	return records
}

func (b *logsBuilder) addResource() plog.LogRecordSlice {
	b.pairs += len(b.labels)
	rl := b.logs.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	// Project, environment, and the two attributes that the processor sets, usually in
	// place of two labels.
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
