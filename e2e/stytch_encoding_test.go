//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestStytchEncoding sends events through Kafka and into a file by the encoding: what comes
// out of Kafka is at both destinations as if it had come from the receiver, and the topic
// and the file hold the events' bytes, a line each.
func TestStytchEncoding(t *testing.T) {
	const n = 100
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "stytch"))
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	file := filepath.Join(t.TempDir(), "events.ndjson")
	w := newWorld(t, `
extensions: {stytch_encoding: {}}
receivers:
  kafka: {brokers: ['`+kafka.ListenAddrs()[0]+`'], initial_offset: earliest, logs: {topics: [stytch], encoding: stytch_encoding}}
exporters:
  kafka:
    brokers: ['`+kafka.ListenAddrs()[0]+`']
    logs: {topic: stytch, encoding: stytch_encoding}
  file: {path: '`+filepath.ToSlash(file)+`', encoding: stytch_encoding}
service:
  extensions: [basicauth/stytch, stytch_encoding]
  pipelines:
    logs/in: {receivers: [stytch], exporters: [kafka, file]}
    logs/datadog: {receivers: [kafka]}
    logs/loki: {receivers: [kafka]}
`)
	events := testdata.Mixed(n, time.Now())
	want := map[string]bool{}
	for _, e := range events {
		want[e.JSON] = true
	}
	reply, err := w.sender.Array(t.Context(), events[:n-1])
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, reply.Status, reply.Body)
	reply, err = w.sender.Array(t.Context(), events[n-1:])
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, reply.Status, reply.Body)
	w.settle(n, n)
	requireInLoki(t, w.loki, events, ownTime)
	requireInDatadog(t, w.datadog, events)

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, want, eventsIn(t, string(text)), "in the file")
	total := 0
	for event := range want {
		total += len(event) + 1
	}
	require.Len(t, text, total, "the file is the events and their line ends")

	client, err := kgo.NewClient(kgo.SeedBrokers(kafka.ListenAddrs()...), kgo.ConsumeTopics("stytch"))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	var messages []string
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for _, record := range client.PollFetches(t.Context()).Records() {
			messages = append(messages, string(record.Value))
		}
		require.GreaterOrEqual(c, len(messages), 2)
	}, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, want, eventsIn(t, strings.Join(messages, "\n")), "on the topic")
	require.Contains(t, messages, events[n-1].JSON, "an event that came alone is a message of just its bytes")
}

// eventsIn are the JSON texts that stand in a text, each once. One of them is printed over
// several lines.
func eventsIn(t *testing.T, text string) map[string]bool {
	t.Helper()
	set := map[string]bool{}
	for decoder := json.NewDecoder(strings.NewReader(text)); decoder.More(); {
		var event json.RawMessage
		require.NoError(t, decoder.Decode(&event))
		require.False(t, set[string(event)], "twice: %s", event)
		set[string(event)] = true
	}
	return set
}
