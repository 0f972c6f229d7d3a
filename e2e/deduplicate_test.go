//go:build e2e

package e2e

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
