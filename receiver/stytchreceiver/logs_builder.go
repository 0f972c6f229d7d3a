package stytchreceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// logsBuilder builds the records of one request: a ResourceLogs for each stream and
// project. A parser calls stream, then addEntry or addObject for each event.
type logsBuilder struct {
	stytch.Records
	promote   []stytch.Field
	maxEvents int    // max_events_per_request
	room      int    // events for which memory is reserved
	grant     *grant // of push_for; nil permits every project

	events    int // added so far
	malformed int // of them no JSON object
	pairs     int // labels and structured metadata on the records and their resources

	labels []lokipush.Label // of the current stream
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
	b.labels = labels
	b.Begin(b.label, entries)
}

func (b *logsBuilder) label(attrs pcommon.Map) {
	b.pairs += len(b.labels)
	// The two that the processor sets usually stand in place of two labels.
	attrs.EnsureCapacity(max(len(b.labels)+2, 4))
	for _, l := range b.labels {
		if l.Name != stytch.LabelSource && l.Name != stytch.LabelServiceName {
			attrs.PutStr(l.Name, l.Value)
		}
	}
}

// addEntry adds an entry of a Loki push, whatever its line holds.
func (b *logsBuilder) addEntry(e *lokipush.Entry) error {
	promote := b.promote
	if b.Event.ScanIndexed(e.Line, e.Quotes, promote) != nil {
		b.malformed++
		b.Event, promote = stytch.Event{}, nil
	}
	// A sender must not set our attributes: with the stytch.webhook_id of another
	// event deduplication would drop this one.
	metadata := slices.DeleteFunc(e.Metadata, func(l lokipush.Label) bool { return strings.HasPrefix(l.Name, stytch.AttrPrefix) })
	return b.add(e.Line, pcommon.Timestamp(e.Timestamp), metadata, promote)
}

// addObject adds the event that starts at text[i] and returns where it ends. Its time
// is its own, or that of its arrival.
func (b *logsBuilder) addObject(text string, i int, metadata ...lokipush.Label) (int, error) {
	end, err := b.Event.ScanAt(text, i, b.promote)
	if err != nil {
		return end, err
	}
	return end, b.add(text[i:end], b.Time(), metadata, b.promote)
}

// add appends a record with the fields of b.Event.
func (b *logsBuilder) add(text string, at pcommon.Timestamp, metadata []lokipush.Label, promote []stytch.Field) error {
	if b.events >= b.maxEvents {
		return b.tooMany()
	}
	if b.grant != nil {
		if err := b.grant.check(&b.Event); err != nil {
			return err
		}
	}
	if b.pairs > pairsPerEvent*b.maxEvents {
		return b.tooManyPairs()
	}
	if b.weight() >= b.room && b.room < b.maxEvents {
		return errMoreEvents
	}
	b.events++
	b.pairs += len(metadata)
	lr := b.Add(text, at)
	if len(metadata) > 0 {
		attrs := lr.Attributes()
		attrs.EnsureCapacity(len(metadata) + 5)
		for _, m := range metadata {
			attrs.PutStr(m.Name, m.Value)
		}
	}
	b.Event.Record(lr, promote)
	return nil
}
