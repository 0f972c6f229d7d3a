//go:build e2e

package faults

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The limits that docs/reliability.md names for a process of 256 MiB.
const (
	memory       = 256 << 10 // KiB
	goMemLimit   = "190MiB"
	within256MiB = `
processors:
  memory_limiter: {check_interval: 50ms, limit_percentage: 0, spike_limit_percentage: 0, limit_mib: 170, spike_limit_mib: 40}
`
)

// TestMemoryLimit promises: with 256 MiB for the process, a stalled destination and a queue in
// memory that has no bound of its own, the memory limiter refuses in time: the process stays below
// 256 MiB, the sender gets 503 with Retry-After, and every acknowledged event arrives once the
// destination is back.
func TestMemoryLimit(t *testing.T) {
	r := prepared(t, inMemory, within256MiB, `
exporters:
  datadog_logs: {sending_queue: {queue_size: 100000000}}
  loki: {sending_queue: {queue_size: 100000000}}
`)
	r.options.Env["GOMEMLIMIT"] = goMemLimit
	r.start()
	r.loki.SetFault(status(http.StatusServiceUnavailable))
	r.ledger.Padding = 1000
	load := r.load(0)
	r.until("the sender is refused", func() bool { return load.Statuses()[http.StatusServiceUnavailable] > 50 })
	refusedAt := r.ledger.Acknowledged()
	require.Empty(t, load.Wrong(), "503 has a Retry-After, and there is no other answer")
	peak := r.kibibytes("VmHWM")
	require.Less(t, peak, memory)

	r.loki.SetFault(nil)
	before := load.Statuses()[http.StatusNoContent]
	r.until("the sender gets through again", func() bool { return load.Statuses()[http.StatusNoContent] > before+50 })
	load.Stop()
	peak = r.kibibytes("VmHWM")
	t.Logf("refused with %d events acknowledged; largest RSS %d MiB of 256", refusedAt, peak>>10)
	require.Less(t, peak, memory)
	r.everythingArrives()
}
