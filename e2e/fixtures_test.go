package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Go leaves folders named testdata out of ./..., so the fixtures are tested here.

func TestFixtures(t *testing.T) {
	for name, read := range map[string]func() []testdata.Event{"events": testdata.Events, "webhooks": testdata.Webhooks} {
		events := read()
		require.NotEmpty(t, events)
		require.True(t, slices.IsSortedFunc(events, func(a, b testdata.Event) int { return strings.Compare(a.Name, b.Name) }))
		for _, event := range events {
			_, err := standin.Members([]byte(event.JSON))
			require.NoError(t, err, "%s/%s", name, event.Name)
			require.Equal(t, strings.TrimSpace(event.JSON), event.JSON, event.Name)
			require.Equal(t, testdata.Instant, event.Time)
		}
	}
	for _, line := range testdata.OtherLines() {
		_, err := standin.DecodeDatadog([]byte(line.JSON))
		require.Error(t, err, "%s is a payload of JSON objects", line.Name)
	}
}

func TestRecent(t *testing.T) {
	now := time.Date(2031, 2, 3, 4, 5, 6, 789_012_345, time.FixedZone("", 3600))
	events, recent := testdata.Events(), testdata.Recent(now)
	require.Len(t, recent, len(events))
	for i, event := range recent {
		require.Equal(t, events[i].Name, event.Name)
		require.Equal(t, now.Add(-time.Duration(len(recent)-i)*time.Millisecond).Truncate(time.Microsecond).UTC(), event.Time)
		require.Equal(t, events[i].JSON, event.At(testdata.Instant).JSON, "moved there and back")
	}
}

func TestRecentMovesTheThreeTimestampsOfTheRoot(t *testing.T) {
	at := time.Date(2031, 2, 3, 4, 5, 6, 789_012_345, time.UTC)
	for _, event := range testdata.Events() {
		before, err := standin.Members([]byte(event.JSON))
		require.NoError(t, err)
		after, err := standin.Members([]byte(event.At(at).JSON))
		require.NoError(t, err)
		require.Len(t, after, len(before), event.Name)
		for i, member := range after {
			want := string(before[i].Value)
			switch member.Name {
			case "_timestamp":
				want = strings.ReplaceAll(want, "1772600767089123", "1927857906789012")
			case "timestamp", "time":
				want = strings.ReplaceAll(want, "1772600767089", "1927857906789")
				want = strings.ReplaceAll(want, "2026-03-04T05:06:07.089Z", "2031-02-03T04:05:06.789Z")
			}
			require.Equal(t, before[i].Name, member.Name, event.Name)
			require.Equal(t, want, string(member.Value), "%s: %s", event.Name, member.Name)
		}
	}
}

func TestMixed(t *testing.T) {
	const n = 500
	now := time.Now()
	ids, times, names := map[string]bool{}, map[time.Time]bool{}, map[string]bool{}
	for _, event := range testdata.Mixed(n, now) {
		var root map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(event.JSON), &root))
		require.Regexp(t, `^"event-(live|test)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$`, string(root["event_id"]))
		require.True(t, event.Time.Before(now) && event.Time.After(now.Add(-time.Second)))
		ids[string(root["event_id"])], times[event.Time], names[event.Name] = true, true, true
	}
	require.Len(t, ids, n)
	require.Len(t, times, n)
	require.Len(t, names, n)
}
