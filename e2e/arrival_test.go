//go:build e2e

package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// requireInLoki finds each event as one line, byte for byte, in the stream that Stytch's own
// streaming writes. at tells the entry's timestamp; nil stands for the time of arrival.
func requireInLoki(t *testing.T, loki *standin.Loki, events []testdata.Event, at func(testdata.Event) *time.Time) {
	t.Helper()
	entries := map[string]standin.Entry{}
	for _, entry := range loki.Entries() {
		entries[entry.Line] = entry
	}
	for _, event := range events {
		entry, ok := entries[event.JSON]
		require.True(t, ok, "%s is not in Loki as it was sent: %s", event.Name, event.JSON)
		require.Equal(t, map[string]string{"source": "stytch", "service_name": "stytch.auth"}, entry.Labels, event.Name)
		if want := at(event); want != nil {
			require.Equal(t, want.UnixNano(), entry.Timestamp, event.Name)
		} else {
			require.WithinDuration(t, entry.Arrived, time.Unix(0, entry.Timestamp), time.Minute, event.Name)
		}
	}
}

// requireInDatadog finds each event as one log: the same root members in the same order, each value
// with its digits and escapes, and around them ours. One that Datadog reads no time from has a
// timestamp of ours as well.
func requireInDatadog(t *testing.T, datadog *standin.Datadog, events []testdata.Event) {
	t.Helper()
	var want, got []string
	undated := map[string]bool{}
	for _, event := range events {
		members, err := standin.Members([]byte(event.JSON))
		require.NoError(t, err, event.Name)
		text, reserved := withoutReserved(members)
		want = append(want, text)
		undated[text] = !slices.ContainsFunc(members, func(m standin.Member) bool { return m.Name == "timestamp" || m.Name == "_timestamp" })
		if !reserved {
			inner := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(event.JSON, "{"), "}"))
			require.True(t, slices.ContainsFunc(datadog.Logs(), func(log standin.Log) bool {
				return strings.Contains(string(log.Raw), inner)
			}), "%s is not in Datadog byte for byte: %s", event.Name, event.JSON)
		}
	}
	for _, log := range datadog.Logs() {
		text, _ := withoutReserved(log.Members)
		require.False(t, undated[text], "Datadog finds no time in %s", log.Raw)
		if event := addedTime.ReplaceAllString(text, ""); undated[event] {
			text = event
		}
		got = append(got, text)
		require.Equal(t, "stytch", log.Text("ddsource"), string(log.Raw))
		require.Equal(t, "stytch.auth", log.Text("service"), string(log.Raw))
		require.Regexp(t, "^service:stytch[.]auth,stytch-env:prod(,|$)", log.Text("ddtags"), string(log.Raw))
		require.False(t, log.Lost, "Datadog would not show it: %s", log.Raw)
	}
	require.ElementsMatch(t, want, got)
}

var addedTime = regexp.MustCompile(`\n?timestamp: [0-9]{13}$`)

// withoutReserved writes the root members one a line, and tells whether reserved ones were left out.
func withoutReserved(members []standin.Member) (text string, reserved bool) {
	var lines []string
	for _, member := range members {
		switch member.Name {
		case "ddsource", "service", "ddtags":
			reserved = true
		default:
			lines = append(lines, member.Name+": "+string(member.Value))
		}
	}
	return strings.Join(lines, "\n"), reserved
}

// sentTime is the timestamp of an entry sent by loki_push.
func sentTime(event testdata.Event) *time.Time { return &event.Time }

// ownTime is the timestamp that an event tells itself: `_timestamp` to the microsecond, or one of
// the others to the millisecond, or none.
func ownTime(event testdata.Event) *time.Time {
	var root map[string]json.RawMessage
	if json.Unmarshal([]byte(event.JSON), &root) != nil {
		return nil
	}
	micro, milli := event.Time, event.Time.Truncate(time.Millisecond)
	if raw := root["_timestamp"]; len(raw) > 0 && raw[0] != '"' {
		return &micro
	}
	if root["timestamp"] != nil || root["time"] != nil {
		return &milli
	}
	return nil
}
