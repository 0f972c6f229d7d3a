//go:build e2e

package faults

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/harness"
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
	datadog, loki := r.everythingArrives()
	require.Zero(t, datadog.CollectorRepeats+loki.CollectorRepeats, "what was delivered is noted before the end")
}

// TestStopWithAMemoryQueue promises: at SIGTERM a queue in memory is tried once more. A destination
// that takes it gets everything; what another one refuses is lost, and logged.
func TestStopWithAMemoryQueue(t *testing.T) {
	r := newRig(t, inMemory)
	r.loki.SetFault(status(http.StatusServiceUnavailable))
	r.push(500)
	r.collector.Stop()
	datadog := r.account(harness.Datadog)
	require.Equal(t, 500, datadog.Arrived)
	require.Equal(t, 500, r.ledger.Missing(harness.Loki))
	require.Contains(t, r.collector.Output(), "Exporting failed. Dropping data")
}
