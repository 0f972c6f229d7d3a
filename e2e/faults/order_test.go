//go:build e2e

package faults

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// TestOrder promises: with `num_consumers: 1` what one sender sends arrives in its order, over
// failures too, as long as the collector is not restarted.
func TestOrder(t *testing.T) {
	r := newRig(t, `
exporters:
  datadog_logs: {sending_queue: {num_consumers: 1}}
  loki: {sending_queue: {num_consumers: 1}}
`)
	var mu sync.Mutex
	var order [2][]int
	arrived := func(at harness.Destination, text string) {
		r.ledger.Arrived(at, text)
		n, _ := harness.Number(text)
		mu.Lock()
		defer mu.Unlock()
		order[at] = append(order[at], n)
	}
	r.loki.Tell(func(entries []standin.Entry) {
		for _, entry := range entries {
			arrived(harness.Loki, entry.Line)
		}
	})
	r.datadog.Tell(func(logs []standin.Log) {
		for _, log := range logs {
			arrived(harness.Datadog, string(log.Raw))
		}
	})
	r.both(func(_ *http.Request, n int) *standin.Answer {
		return []*standin.Answer{{Status: 503}, nil, {Abort: true}, {Delay: 50 * time.Millisecond}}[n%4]
	})
	r.push(3000)
	r.everythingArrives()
	for at, numbers := range order {
		require.Len(t, numbers, 3000)
		require.IsIncreasing(t, numbers, "at %s", harness.Destination(at))
	}
}
