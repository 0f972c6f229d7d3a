// Package testdata holds what Stytch sends, as files, for every test of this module.
//
//	events/       one authentication event a file: consumer and B2B, each status, deliveries,
//	              fingerprints, and the odd ones (numbers, escapes, duplicate keys, reserved members)
//	webhooks/     one webhook body a file, named by its type: dashboard.member.create.json
//	otherlines/   lines that are no JSON object, which still have to arrive
//
// All values are invented; only the field names and types are Stytch's. Every fixture happened at
// Instant, so that Event.At can move one to another time by replacing text: Loki refuses entries
// older than 7 days, Datadog those older than 18 hours.
package testdata

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed events webhooks otherlines
var files embed.FS

// Instant is when every fixture happened: `_timestamp` is its microseconds, `timestamp` its
// milliseconds, `time` its RFC 3339 form. Times nested deeper in an event are other ones on purpose.
var Instant = time.UnixMicro(1772600767089123).UTC()

// Event is one fixture: Name is its file's name without the ending, JSON its exact bytes without
// the file's final newline, Time the instant it tells.
type Event struct {
	Name string
	JSON string
	Time time.Time
}

// Events returns the authentication events, sorted by name.
func Events() []Event { return read("events") }

// Webhooks returns the webhook bodies, sorted by name; the name is the webhook's type.
func Webhooks() []Event { return read("webhooks") }

// OtherLines returns the lines that are no JSON object, sorted by name.
func OtherLines() []Event { return read("otherlines") }

// Recent returns Events, the last one happening a millisecond before now and each a millisecond
// after the one before it.
func Recent(now time.Time) []Event {
	events := Events()
	for i, event := range events {
		events[i] = event.At(now.Add(-time.Duration(len(events)-i) * time.Millisecond))
	}
	return events
}

// Mixed returns n distinct events that end a millisecond before now: the fixtures with an event_id
// in turn, each with an event_id and a time of its own.
func Mixed(n int, now time.Time) []Event {
	var fixtures []Event
	var ids []string
	for _, event := range Events() {
		if id := event.id(); id != "" {
			fixtures, ids = append(fixtures, event), append(ids, id)
		}
	}
	mixed := make([]Event, n)
	for i := range mixed {
		event, id := fixtures[i%len(fixtures)], ids[i%len(fixtures)]
		at := now.Add(-time.Duration(n-i) * time.Millisecond)
		uuid := fmt.Sprintf("%08x-0000-4000-8000-%012x", i, at.UnixMilli())
		event.Name = fmt.Sprintf("%s-%d", event.Name, i)
		event.JSON = strings.ReplaceAll(event.JSON, id, id[:len(id)-len(uuid)]+uuid)
		mixed[i] = event.At(at)
	}
	return mixed
}

// At returns the event moved to t, to the microsecond. Only the text of e.Time changes; where an
// event tells it in RFC 3339 with other than three decimals, its date and time change and the
// decimals stay.
func (e Event) At(t time.Time) Event {
	was, t := e.Time, t.UTC().Truncate(time.Microsecond)
	const second, milli = "2006-01-02T15:04:05", "2006-01-02T15:04:05.000Z"
	e.JSON = strings.NewReplacer( // the longer form before the one that it begins with
		strconv.FormatInt(was.UnixMicro(), 10), strconv.FormatInt(t.UnixMicro(), 10),
		strconv.FormatInt(was.UnixMilli(), 10), strconv.FormatInt(t.UnixMilli(), 10),
		was.Format(milli), t.Format(milli),
		was.Format(second), t.Format(second),
	).Replace(e.JSON)
	e.Time = t
	return e
}

// id is the event_id at the root of the event, which ends in a UUID, or "".
func (e Event) id() string {
	var root map[string]json.RawMessage // not a struct, whose field names match in any case
	var id string
	if json.Unmarshal([]byte(e.JSON), &root) != nil || json.Unmarshal(root["event_id"], &id) != nil {
		return ""
	}
	return id
}

// read panics on an error: the files are part of the program.
func read(folder string) []Event {
	entries, err := files.ReadDir(folder)
	if err != nil {
		panic(err)
	}
	events := make([]Event, len(entries))
	for i, entry := range entries {
		content, err := files.ReadFile(path.Join(folder, entry.Name()))
		if err != nil {
			panic(err)
		}
		events[i] = Event{
			Name: strings.TrimSuffix(entry.Name(), path.Ext(entry.Name())),
			JSON: strings.TrimSuffix(string(content), "\n"),
			Time: Instant,
		}
	}
	slices.SortFunc(events, func(a, b Event) int { return strings.Compare(a.Name, b.Name) })
	return events
}
