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
	order := map[harness.Destination][]int{}
	for _, at := range r.all {
		at.TellEvents(func(event string) {
			r.ledger.Arrived(at, event)
			n, _ := harness.Number(event)
			mu.Lock()
			defer mu.Unlock()
			order[at] = append(order[at], n)
		})
	}
	r.both(func(_ *http.Request, n int) *standin.Answer {
		return []*standin.Answer{{Status: 503}, nil, {Abort: true}, {Delay: 50 * time.Millisecond}}[n%4]
	})
	r.push(3000)
	r.everythingArrives()
	require.Len(t, order, 2)
	for at, numbers := range order {
		require.Len(t, numbers, 3000)
		require.IsIncreasing(t, numbers, "at %s", at)
	}
}
