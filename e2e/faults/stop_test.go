//go:build e2e

package faults

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStop promises: SIGTERM under load, with destinations that fail and recover, loses nothing.
// What the queues hold goes on after the next start, and nothing that was delivered comes again.
func TestStop(t *testing.T) {
	r := newRig(t)
	load := r.load(500)
	for n := range 5 {
		r.both(flaky(uint64(n)))
		acknowledged := r.ledger.Acknowledged()
		r.until("further acknowledgements", func() bool { return r.ledger.Acknowledged() > acknowledged+300 })
		r.collector.Stop()
		r.start()
	}
	r.both(nil)
	load.Stop()
	require.Empty(t, load.Wrong())
	for at, account := range r.everythingArrives() {
		require.Zero(t, account.CollectorRepeats, "what %s took is noted before the end", at)
	}
}

// TestStopWithAMemoryQueue promises: at SIGTERM what a queue in memory holds is tried once more, also
// what waits for its next attempt. A destination that takes it gets everything; what another one
// refuses is lost, and logged.
func TestStopWithAMemoryQueue(t *testing.T) {
	r := newRig(t, inMemory, `
exporters:
  datadog_logs: {retry_on_failure: {initial_interval: 1h, max_interval: 1h}}
`)
	r.both(status(http.StatusServiceUnavailable))
	r.push(500)
	r.until("an attempt at Datadog", func() bool { return r.datadog.Statuses()[http.StatusServiceUnavailable] > 0 })
	r.datadog.SetFault(nil)
	r.collector.Stop()
	datadog := r.account(r.datadog)
	require.Equal(t, 500, datadog.Arrived)
	require.Zero(t, datadog.CollectorRepeats)
	require.Equal(t, 500, r.ledger.Missing(r.loki))
	output := r.collector.Output()
	require.Contains(t, output, "Delivered at the shutdown what had waited to be sent again")
	require.Contains(t, output, "Lost events: the queue is in memory")
	require.Contains(t, output, `"events": 500`)
	require.NotContains(t, output, "Dropping data")
}

// TestStopDropsNothing promises: with queues on disk no line of a stop says that anything is dropped.
func TestStopDropsNothing(t *testing.T) {
	r := newRig(t)
	r.both(status(http.StatusServiceUnavailable))
	r.push(100)
	r.until("attempts", func() bool {
		return min(r.loki.Statuses()[http.StatusServiceUnavailable], r.datadog.Statuses()[http.StatusServiceUnavailable]) > 1
	})
	r.collector.Stop()
	require.NotContains(t, r.collector.Output(), "Dropping data")
	require.Contains(t, r.collector.Output(), "none is dropped, they stay in the queue on disk")
	r.both(nil)
	r.start()
	r.everythingArrives()
}
