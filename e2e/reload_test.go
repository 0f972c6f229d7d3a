//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// lokiGate is an overlay that switches Loki's stream, with retries too quick to hold up a test.
func lokiGate(enabled string) string {
	return `
processors:
  stytch/datadog: {deduplicate: {}}
  stytch/loki: {deduplicate: {}, enabled: ` + enabled + `}
exporters:
  datadog_logs: {retry_on_failure: {initial_interval: 20ms, max_interval: 100ms}}
  loki: {retry_on_failure: {initial_interval: 20ms, max_interval: 100ms}}
`
}

// TestReloadOfTheGate switches Loki's stream off and on by SIGHUP while events stream in and both
// destinations fail, first always, then every second time. What was acknowledged before the switch
// arrives; what came while the stream was off never does, also not later; the other destination
// has everything.
func TestReloadOfTheGate(t *testing.T) {
	w := newWorldOf(t, "examples/sidecar/collector.yaml", toStandins, lokiGate("true"))
	gate := w.options.Configs[2]
	reload := func(enabled string) (before, after time.Time) {
		t.Helper()
		require.NoError(t, os.WriteFile(gate, []byte(lokiGate(enabled)), 0o600))
		const ready = "Everything is ready"
		starts := strings.Count(w.collector.Output(), ready)
		before = time.Now()
		require.NoError(t, w.collector.Reload())
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			require.Greater(c, strings.Count(w.collector.Output(), ready), starts)
		}, 20*time.Second, 5*time.Millisecond)
		return before, time.Now()
	}
	every := func(n int) standin.Fault {
		return func(_ *http.Request, i int) *standin.Answer {
			if i%n != 0 {
				return nil
			}
			return &standin.Answer{Status: http.StatusServiceUnavailable}
		}
	}
	fail := func(n int) {
		w.loki.SetFault(every(n))
		w.datadog.SetFault(every(n))
	}

	fail(1)
	stream := startStream(t, w.sender)
	time.Sleep(time.Second)
	require.Zero(t, w.loki.Received())
	offFrom, off := reload("false") // while the queues are full of what could not be sent
	time.Sleep(500 * time.Millisecond)
	fail(2)
	time.Sleep(500 * time.Millisecond)
	onFrom, on := reload("true")
	time.Sleep(time.Second)
	pushes := stream.stop()

	var acknowledged, before, during, after []string
	for _, p := range pushes {
		acknowledged = append(acknowledged, p.ids...)
		switch {
		case p.acknowledged.Before(offFrom):
			before = append(before, p.ids...)
		case p.began.After(off) && p.acknowledged.Before(onFrom):
			during = append(during, p.ids...)
		case p.began.After(on):
			after = append(after, p.ids...)
		}
	}
	for _, part := range [][]string{before, during, after} {
		require.NotEmpty(t, part, "the machine is too slow for this test's pace")
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Empty(c, missing(append(slices.Clone(before), after...), lokiIDs(w)), "at Loki")
		require.Empty(c, missing(acknowledged, datadogIDs(w)), "at Datadog")
	}, 20*time.Second, 50*time.Millisecond)
	w.collector.Stop()
	require.Len(t, missing(during, lokiIDs(w)), len(during), "sent though the stream was off")
	t.Logf("acknowledged %d: %d before the switch, %d while off, %d after; arrived at Loki %d, at Datadog %d, repeats included",
		len(acknowledged), len(before), len(during), len(after), w.loki.Received(), len(w.datadog.Logs()))
}

// push is one request that was acknowledged in the end.
type push struct {
	ids                 []string
	began, acknowledged time.Time
}

// stream sends requests from two senders, each again until it is acknowledged.
type stream struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	mu     sync.Mutex
	pushes []push
}

func startStream(t *testing.T, sender harness.Sender) *stream {
	const requests, size, senders = 1000, 5, 2
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s := &stream{cancel: cancel}
	parts := make(chan []testdata.Event, requests)
	for part := range slices.Chunk(testdata.Mixed(requests*size, time.Now()), size) {
		parts <- part
	}
	close(parts)
	for range senders {
		s.done.Go(func() {
			for part := range parts {
				if ctx.Err() != nil {
					return
				}
				p := push{began: time.Now()}
				for _, event := range part {
					p.ids = append(p.ids, eventID(event.JSON))
				}
				for t.Context().Err() == nil {
					reply, err := sender.LokiPush(t.Context(), part)
					if err == nil && reply.Status == http.StatusNoContent {
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
				p.acknowledged = time.Now()
				s.mu.Lock()
				s.pushes = append(s.pushes, p)
				s.mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	return s
}

// stop ends the stream when what it has begun is acknowledged.
func (s *stream) stop() []push {
	s.cancel()
	s.done.Wait()
	return s.pushes
}

func eventID(event string) string {
	var id string
	var root map[string]json.RawMessage
	if json.Unmarshal([]byte(event), &root) != nil || json.Unmarshal(root["event_id"], &id) != nil {
		return ""
	}
	return id
}

func lokiIDs(w *world) (ids []string) {
	for _, entry := range w.loki.Entries() {
		ids = append(ids, eventID(entry.Line))
	}
	return ids
}

func datadogIDs(w *world) (ids []string) {
	for _, log := range w.datadog.Logs() {
		ids = append(ids, log.Text("event_id"))
	}
	return ids
}

// missing lists what of want is not in got.
func missing(want, got []string) []string {
	have := map[string]bool{}
	for _, id := range got {
		have[id] = true
	}
	return slices.DeleteFunc(slices.Clone(want), func(id string) bool { return have[id] })
}
