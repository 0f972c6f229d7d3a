//go:build e2e_loki

package realloki

import (
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

var encodings = []map[string]any{
	{"encoding": "json"},
	{"encoding": "json", "compression": "none"},
	{"encoding": "protobuf"},
}

// everything is all events and other lines, a millisecond apart, none of which
// is valid for JSON and changed on the way.
func everything() []testdata.Event {
	events := slices.DeleteFunc(append(testdata.Events(), testdata.OtherLines()...), func(e testdata.Event) bool {
		return !utf8.ValidString(e.JSON)
	})
	now := time.Now()
	for i := range events {
		events[i] = events[i].At(now.Add(time.Duration(i-len(events)) * time.Millisecond))
		events[i].Time = events[i].Time.Add(time.Duration(i + 1)) // to the nanosecond
	}
	return events
}

func TestAllComesBackByteForByte(t *testing.T) {
	for _, encoding := range encodings {
		t.Run(name(encoding), func(t *testing.T) {
			c := newClient(t, shared, "all-"+name(encoding), encoding)
			events := everything()
			require.NoError(t, c.push(events...))
			c.requireStored(shared, events)
			require.Equal(t, map[string]int{"delivered": len(events)}, c.counts())

			// Once more, and in another order: Loki keeps one of each.
			slices.Reverse(events)
			require.NoError(t, c.push(events...))
			slices.Reverse(events)
			c.requireStored(shared, events)
		})
	}
}

// What one encoding stored the other does not store again.
func TestTheEncodingsAreTheSameToLoki(t *testing.T) {
	events := append(everything(), event(time.Now(), "bad \xff bytes"))
	for _, encoding := range encodings {
		require.NoError(t, newClient(t, shared, "any-encoding", encoding).push(events...))
	}
	events[len(events)-1].JSON = lokipush.Text(events[len(events)-1].JSON)
	newClient(t, shared, "any-encoding").requireStored(shared, events)
}

// name is part of a tenant's.
func name(encoding map[string]any) string {
	if encoding["compression"] != nil {
		return "not-compressed"
	}
	return encoding["encoding"].(string)
}

// Labels and structured metadata come back whatever is in them.
func TestOddValues(t *testing.T) {
	values := []string{"plain", `quo"te`, `back\slash`, "new\nline\ttab\r", "\x00\x01\x7f", "é日本🙂", "\u2028\u00a0\u200b", "'`{}=,", "{{.x}}"}
	for _, encoding := range encodings {
		c := newClient(t, shared, "odd-"+name(encoding), encoding)
		at := time.Now().Add(-time.Minute)
		ld := logs(nil)
		for i, value := range values {
			lr := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().AppendEmpty()
			lr.SetTimestamp(timestamp(at, i))
			lr.Body().SetStr(value)
			lr.Attributes().PutStr("stytch.action", value)
			lr.Attributes().PutStr("stytch.event_id", value)
		}
		require.NoError(t, c.exporter.ConsumeLogs(t.Context(), ld))
		entries, err := shared.Entries(t.Context(), c.tenant)
		require.NoError(t, err)
		require.Len(t, entries, len(values))
		for i, value := range values {
			require.Equal(t, value, entries[i].Line)
			require.Equal(t, value, entries[i].Labels["action"])
			require.Equal(t, value, entries[i].Metadata["stytch_event_id"])
		}
	}
}

// Names and values that are made to fit are what Loki keeps.
func TestLokiLeavesOurNamesAlone(t *testing.T) {
	c := newClient(t, shared, "names", map[string]any{"structured_metadata": []any{"a.b", "c__d", "1e", "_x", "é.y", "huge"}})
	ld := logs([]testdata.Event{event(time.Now(), "x")})
	attributes := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
	want := map[string]string{}
	for _, attribute := range []string{"a.b", "c__d", "1e", "_x", "é.y"} {
		attributes.PutStr(attribute, attribute)
		name, err := lokipush.MetadataName(attribute)
		require.NoError(t, err)
		want[name] = attribute
	}
	attributes.PutStr("huge", string(make([]byte, lokipush.MaxMetadataBytes)))
	attributes.PutStr("stytch.action", string(slices.Repeat([]byte("é"), 3000)))
	require.NoError(t, c.exporter.ConsumeLogs(t.Context(), ld))
	entries, err := shared.Entries(t.Context(), c.tenant)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, want, entries[0].Metadata)
	require.Contains(t, entries[0].Labels["action"], "éé…")
}
