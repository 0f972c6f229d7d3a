//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// odd adds nanoseconds to the times of entries, which only loki_push can carry.
func odd(events []testdata.Event) []testdata.Event {
	for i := range events {
		events[i].Time = events[i].Time.Add(time.Duration(i%999 + 1))
	}
	return events
}

func TestLokiPush(t *testing.T) {
	w := newWorld(t)
	events := odd(testdata.Recent(time.Now()))
	reply, err := w.sender.LokiPush(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	require.Empty(t, reply.Body)

	w.settle(len(events), len(events))
	requireInLoki(t, w.loki, events, sentTime)
	requireInDatadog(t, w.datadog, events)
}

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		name string
		push func(t *testing.T, sender harness.Sender, events []testdata.Event) []harness.Reply
	}{
		{"objects", func(t *testing.T, sender harness.Sender, events []testdata.Event) []harness.Reply {
			var replies []harness.Reply
			for _, event := range events {
				reply, err := sender.Object(t.Context(), event)
				require.NoError(t, err)
				replies = append(replies, reply)
			}
			return replies
		}},
		{"array", func(t *testing.T, sender harness.Sender, events []testdata.Event) []harness.Reply {
			reply, err := sender.Array(t.Context(), events)
			require.NoError(t, err)
			return []harness.Reply{reply}
		}},
		{"NDJSON", func(t *testing.T, sender harness.Sender, events []testdata.Event) []harness.Reply {
			reply, err := sender.NDJSON(t.Context(), events)
			require.NoError(t, err)
			return []harness.Reply{reply}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			events := testdata.Recent(time.Now())
			for _, reply := range c.push(t, w.sender, events) {
				require.Equal(t, http.StatusAccepted, reply.Status, reply.Body)
			}
			w.settle(len(events), len(events))
			requireInLoki(t, w.loki, events, ownTime)
			requireInDatadog(t, w.datadog, events)
		})
	}
}

// TestOtherLines pushes lines that are no JSON object: they arrive all the same, as the line they
// are, and as Datadog's message.
func TestOtherLines(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	lines := slices.DeleteFunc(testdata.OtherLines(), func(line testdata.Event) bool {
		return !utf8.ValidString(line.JSON) // JSON cannot carry it
	})
	for i := range lines {
		lines[i] = lines[i].At(now.Add(time.Duration(i-len(lines)) * time.Millisecond))
	}
	reply, err := w.sender.LokiPush(t.Context(), lines)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)

	w.settle(len(lines), len(lines))
	requireInLoki(t, w.loki, lines, sentTime)
	var want, got []string
	for _, line := range lines {
		want = append(want, line.JSON)
	}
	for _, log := range w.datadog.Logs() {
		got = append(got, log.Text("message"))
		require.Equal(t, "stytch", log.Text("ddsource"))
	}
	require.ElementsMatch(t, want, got)
}

// TestInvalidUTF8 pushes bytes that are no text: each becomes U+FFFD, and the rest arrives.
func TestInvalidUTF8(t *testing.T) {
	w := newWorld(t)
	body := fmt.Sprintf(`{"streams":[{"stream":{"source":"stytch"},"values":[["%d","{\"action\":\"Get%sUser\"}"]]}]}`,
		time.Now().UnixNano(), "\xff\xfe")
	reply, err := w.sender.Post(t.Context(), harness.LokiPushPath, []byte(body), http.Header{"Content-Type": {"application/json"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	w.settle(1, 1)
	want := fmt.Sprintf(`{"action":"Get%sUser"}`, "\ufffd\ufffd")
	require.Equal(t, want, w.loki.Entries()[0].Line)
	require.Equal(t, want, w.datadog.Logs()[0].Text("message"))
}

func TestManyMixedEvents(t *testing.T) {
	const n, requests = 250, 5
	w := newWorld(t)
	events := odd(testdata.Mixed(n, time.Now()))
	for part := range slices.Chunk(events, n/requests) {
		reply, err := w.sender.LokiPush(t.Context(), part)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	}
	w.settle(n, n)
	requireInLoki(t, w.loki, events, sentTime)
	requireInDatadog(t, w.datadog, events)
}

func TestWrongPasswordIsRefused(t *testing.T) {
	w := newWorld(t)
	stranger := w.sender
	stranger.Password = "guess"
	for _, push := range []func() (harness.Reply, error){
		func() (harness.Reply, error) { return stranger.LokiPush(t.Context(), testdata.Recent(time.Now())) },
		func() (harness.Reply, error) { return stranger.Array(t.Context(), testdata.Recent(time.Now())) },
		func() (harness.Reply, error) {
			return harness.Sender{URL: stranger.URL}.Array(t.Context(), testdata.Recent(time.Now()))
		},
	} {
		reply, err := push()
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, reply.Status)
	}
	w.settle(0, 0)
}
