//go:build e2e

package faults

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// smallQueue is full within a second or two, with thousands of events read and not delivered: those
// that a restart has to put back.
const smallQueue = `
exporters:
  datadog_logs: {sending_queue: {queue_size: 6000}}
  loki: {sending_queue: {queue_size: 6000}}
`

// TestKill promises: kill -9 loses nothing that was acknowledged, whenever it comes: under load, with
// a full queue and nothing delivered, and in the middle of the start that puts the queue in order.
// What was on its way to a destination comes twice.
func TestKill(t *testing.T) {
	r := newRig(t, smallQueue)
	kills := 0
	kill := func() { r.collector.Kill(); kills++ }

	r.both(status(http.StatusServiceUnavailable))
	load := r.load(0)
	full := func() {
		refused := load.Statuses()[http.StatusServiceUnavailable]
		r.until("full queues", func() bool { return load.Statuses()[http.StatusServiceUnavailable] > refused+4 })
	}
	full()
	kill()
	for _, delay := range []int{20, 90, 160, 230, 300} {
		r.collector = harness.Spawned(t, r.options)
		time.Sleep(time.Duration(delay) * time.Millisecond)
		kill()
	}
	// How far a start comes in a time depends on the machine; its log tells it better.
	for _, delay := range []int{0, 3, 10, 30, 60} {
		r.collector = harness.Spawned(t, r.options)
		r.until("the queue's start", func() bool { return strings.Contains(r.collector.Output(), "Fetching items left") })
		time.Sleep(time.Duration(delay) * time.Millisecond)
		kill()
	}
	t.Logf("%d kills with %d events acknowledged, none delivered", kills, r.ledger.Acknowledged())
	require.Zero(t, r.ledger.ArrivedAt(r.loki)+r.ledger.ArrivedAt(r.datadog))

	random := rand.New(rand.NewPCG(1, 2))
	for n := range 12 {
		r.start()
		r.both(flaky(uint64(n)))
		arrived := r.ledger.ArrivedAt(r.loki)
		r.until("arrivals", func() bool { return r.ledger.ArrivedAt(r.loki) > arrived+200 })
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		kill()
	}
	r.both(nil)
	r.start()
	load.Stop()
	require.Empty(t, load.Wrong())
	accounts := r.everythingArrives()
	t.Logf("%d kills", kills)
	// Each of 4 consumers may have had a request of 1000 events taken and not yet answered, and 128
	// groups of the sender's requests of 20 may have been answered and not yet noted on disk.
	most := kills * (4000 + 128*20*load.Workers)
	for at, account := range accounts {
		require.LessOrEqual(t, account.CollectorRepeats, most, at)
	}
}

// flaky answers as a destination in trouble does; it keeps nothing that it does not acknowledge.
func flaky(seed uint64) standin.Fault {
	return func(_ *http.Request, n int) *standin.Answer {
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		switch random.IntN(6) {
		case 0:
			return &standin.Answer{Status: []int{401, 403, 404, 408, 429, 500, 502, 503, 504}[random.IntN(9)]}
		case 1:
			return &standin.Answer{Abort: true}
		case 2:
			return &standin.Answer{Delay: time.Duration(random.IntN(200)) * time.Millisecond}
		default:
			return nil
		}
	}
}
