//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const droppedEvents = "otelcol_processor_stytch_dropped_events"

// TestRepeatedRequests pushes the same events by two protocols at the same time: each destination has
// them once.
func TestRepeatedRequests(t *testing.T) {
	const n, pushes = 100, 4
	w := newWorld(t, "processors: {stytch/datadog: {deduplicate: {}}, stytch/loki: {deduplicate: {}}}")
	events := testdata.Mixed(n, time.Now())
	var wait sync.WaitGroup
	for i := range pushes {
		push, want := w.sender.LokiPush, http.StatusNoContent
		if i%2 == 1 {
			push, want = w.sender.Array, http.StatusAccepted
		}
		wait.Go(func() {
			if reply, err := push(t.Context(), events); err != nil || reply.Status != want {
				t.Errorf("answered %d %s %v, not %d", reply.Status, reply.Body, err, want)
			}
		})
	}
	wait.Wait()
	require.Equal(t, 2*n*(pushes-1), w.counter(droppedEvents), "in two pipelines")
	require.Equal(t, 2*n, w.counter("otelcol_processor_stytch_remembered_events"), "in two pipelines")
	w.settle(n, n)
}

// TestARetryReachesThePipelineThatRefused fills the queue of one destination that is down: the
// sender gets a 503 though the other pipeline has taken its events. Its retry is new to the one and
// a duplicate to the other.
func TestARetryReachesThePipelineThatRefused(t *testing.T) {
	const n = 50
	w := newWorld(t, `
processors: {stytch/datadog: {deduplicate: {}}, stytch/loki: {deduplicate: {}}}
exporters:
  loki:
    retry_on_failure: {initial_interval: 20ms, max_interval: 100ms}
    sending_queue: {queue_size: 60, batch: {min_size: 0, max_size: 0}}
`)
	w.loki.SetFault(func(*http.Request, int) *standin.Answer {
		return &standin.Answer{Status: http.StatusServiceUnavailable}
	})
	events := testdata.Mixed(2*n, time.Now())
	push := func(events []testdata.Event) int {
		reply, err := w.sender.LokiPush(t.Context(), events)
		require.NoError(t, err)
		return reply.Status
	}
	require.Equal(t, http.StatusNoContent, push(events[:n]))
	require.Equal(t, http.StatusServiceUnavailable, push(events[n:]))
	w.loki.SetFault(nil)
	require.Eventually(t, func() bool { return push(events[n:]) == http.StatusNoContent }, 20*time.Second, 50*time.Millisecond)
	require.GreaterOrEqual(t, w.counter(droppedEvents), n)
	w.settle(2*n, 2*n)
}

// TestAKilledWindow kills a collector whose deduplication has a storage, while requests come and no
// destination takes anything. The sender then repeats everything: what was acknowledged is at each
// destination once, but for requests that a kill left without an answer before.
func TestAKilledWindow(t *testing.T) {
	const kills, n, each = 3, 2000, 20
	w := newWorldOf(t, "examples/gateway/collector.yaml", toStandins, `
processors:
  stytch/datadog: {deduplicate: {storage: file_storage}}
  stytch/loki: {deduplicate: {storage: file_storage}}
exporters:
  datadog_logs: {retry_on_failure: {initial_interval: 20ms, max_interval: 200ms}}
  loki: {retry_on_failure: {initial_interval: 20ms, max_interval: 200ms}}
`)
	refuse := func(*http.Request, int) *standin.Answer {
		return &standin.Answer{Status: http.StatusServiceUnavailable}
	}
	w.loki.SetFault(refuse)
	w.datadog.SetFault(refuse)
	events := testdata.Mixed(n, time.Now())
	acknowledged, doubtful := make([]bool, n), make([]bool, n)
	total := 0
	// push sends the events in requests of each, from four senders, until answered returns false.
	push := func(answered func() bool) {
		var ended atomic.Bool
		var next atomic.Int64
		var wait sync.WaitGroup
		var mu sync.Mutex
		for range 4 {
			wait.Go(func() {
				for {
					first := int(next.Add(each)) - each
					if first >= n || ended.Load() {
						return
					}
					reply, err := w.sender.LokiPush(t.Context(), events[first:first+each])
					mu.Lock()
					for i := first; i < first+each; i++ {
						switch {
						case err != nil || reply.Status != http.StatusNoContent:
							doubtful[i] = true
						case !acknowledged[i]:
							acknowledged[i] = true
							total++
						}
					}
					if !answered() {
						ended.Store(true)
					}
					mu.Unlock()
				}
			})
		}
		wait.Wait()
	}
	for kill := range kills {
		requests, before := 0, total
		push(func() bool {
			requests++
			if requests == (kill+1)*n/each/(kills+1) {
				w.collector.Kill()
			}
			return requests < (kill+1)*n/each/(kills+1)
		})
		require.Greater(t, total, before, "something new was acknowledged before the kill")
		require.Less(t, total, n)
		w.collector = harness.Start(t, w.options)
	}
	t.Logf("%d of %d events were acknowledged over %d kills", total, n, kills)
	require.LessOrEqual(t, len(slices.DeleteFunc(slices.Clone(doubtful), func(d bool) bool { return !d })), kills*4*each, "a request of each sender")
	push(func() bool { return true })
	require.Equal(t, n, total)
	require.GreaterOrEqual(t, w.counter(droppedEvents), 2*each)
	w.loki.SetFault(nil)
	w.datadog.SetFault(nil)
	require.Eventually(t, func() bool { return len(w.loki.Entries()) == n && len(w.datadog.Logs()) >= n }, 30*time.Second, 50*time.Millisecond)
	w.collector.Stop()
	times := map[string]int{}
	for _, log := range w.datadog.Logs() {
		id, _ := log.Value("event_id")
		times[string(id)]++
	}
	for i, e := range events {
		var root map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(e.JSON), &root))
		n := times[string(root["event_id"])]
		require.NotZero(t, n, e.JSON)
		if !doubtful[i] {
			require.Equal(t, 1, n, "acknowledged, and yet it came again: %s", e.JSON)
		}
	}
}
