//go:build e2e

package faults

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestOneDestinationDown promises: a destination that is down does not slow the other one while its
// own queue has room: at least 0.9 of the throughput with both up. Rounds of both kinds alternate,
// each kind first in turn, and their medians are compared, since the machine's own speed varies; on
// a busy machine it takes more rounds to tell.
func TestOneDestinationDown(t *testing.T) {
	const events, rounds, atMost = 4000, 6, 20
	r := newRig(t)
	round := func() (perSecond float64) {
		began, before := time.Now(), r.ledger.ArrivedAt(r.loki)
		load := &harness.Load{Sender: r.sender, Ledger: r.ledger, Workers: 4, Batch: 100, Total: events}
		load.Start().Wait()
		require.Equal(t, map[int]int{http.StatusNoContent: events / 100}, load.Statuses())
		r.until("arrival at Loki", func() bool { return r.ledger.ArrivedAt(r.loki) == before+events })
		return events / time.Since(began).Seconds()
	}
	var up, down []float64
	round() // warms up
	ratio := 0.0
	for n := 0; n < rounds || n < atMost && ratio < 0.9; n++ {
		for _, isDown := range []bool{n%2 == 0, n%2 == 1} {
			r.until("an empty queue", func() bool { return r.ledger.Missing(r.datadog) == 0 })
			if isDown {
				r.datadog.SetFault(status(http.StatusServiceUnavailable))
				down = append(down, round())
				r.datadog.SetFault(nil)
			} else {
				up = append(up, round())
			}
		}
		ratio = median(down) / median(up)
	}
	t.Logf("events a second at Loki, medians of %d rounds: %.0f with both up, %.0f with Datadog down; ratio %.2f",
		len(up), median(up), median(down), ratio)
	require.GreaterOrEqual(t, ratio, 0.9)
	for at, account := range r.everythingArrives() {
		require.Zero(t, account.SenderRepeats+account.CollectorRepeats, at)
	}
}
