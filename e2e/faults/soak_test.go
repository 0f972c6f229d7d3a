//go:build e2e

package faults

import (
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// soakFor is 2 minutes unless SOAK says otherwise.
func soakFor(t *testing.T) time.Duration {
	t.Helper()
	if os.Getenv("SOAK") == "" {
		return 2 * time.Minute
	}
	length, err := time.ParseDuration(os.Getenv("SOAK"))
	require.NoError(t, err, "SOAK")
	return length
}

// TestSoak promises: under random faults of both destinations, for as long as it runs, nothing is
// lost, and memory, goroutines, files and connections stay level: the last quarter of the run is
// compared with the second one, and goroutines with those of a collector that ran for seconds.
func TestSoak(t *testing.T) {
	const rate = 500
	fresh := newRig(t)
	load := fresh.load(rate)
	fresh.until("a little work", func() bool { return fresh.ledger.Acknowledged() > 2000 })
	load.Stop()
	fresh.until("an empty queue", func() bool { return fresh.ledger.MissingAnywhere() == 0 })
	_, few := fresh.collector.Goroutines()
	require.Greater(t, few, 10)

	r := newRig(t)
	length := soakFor(t)
	end := time.Now().Add(length)
	load = r.load(rate)
	var memory, descriptors []int
	random := rand.New(rand.NewPCG(3, 4))
	for n := 0; time.Now().Before(end); n++ {
		r.loki.SetFault(weather(random))
		r.datadog.SetFault(weather(random))
		time.Sleep(time.Duration(500+random.IntN(2500)) * time.Millisecond)
		memory = append(memory, r.kibibytes("RssAnon"))
		descriptors = append(descriptors, r.descriptors())
	}
	r.both(nil)
	load.Stop()
	require.Empty(t, load.Wrong())
	r.until("an empty queue", func() bool { return r.ledger.MissingAnywhere() == 0 })
	peak := r.kibibytes("VmHWM")
	ofConnections, many := r.collector.Goroutines()
	r.account(r.datadog)
	r.account(r.loki)

	quarter := len(memory) / 4
	memoryThen, memoryNow := median(memory[quarter:2*quarter]), median(memory[3*quarter:])
	filesThen, filesNow := median(descriptors[quarter:2*quarter]), median(descriptors[3*quarter:])
	t.Logf("%s: answers to the sender %v; anonymous RSS %d then %d MiB, largest RSS %d MiB; descriptors %d then %d; goroutines %d, of a fresh collector %d, and %d of connections",
		length, load.Statuses(), memoryThen>>10, memoryNow>>10, peak>>10, filesThen, filesNow, many, few, ofConnections)
	require.Less(t, memoryNow, memoryThen+memoryThen/4+(16<<10), "anonymous RSS in KiB")
	require.Less(t, filesNow, filesThen+20)
	require.Less(t, many, few+10)
	require.Less(t, ofConnections, 60) // two for each that idles: 4 consumers, 2 destinations, the sender's
	require.NotZero(t, load.Statuses()[http.StatusNoContent])
}

// weather is how a destination does for the next second or two: mostly well.
func weather(random *rand.Rand) standin.Fault {
	switch random.IntN(8) {
	case 0:
		return status([]int{401, 403, 404, 408, 429, 500, 502, 503, 504}[random.IntN(9)])
	case 1:
		return func(*http.Request, int) *standin.Answer { return &standin.Answer{Abort: true} }
	case 2:
		return func(*http.Request, int) *standin.Answer { return &standin.Answer{Delay: 300 * time.Millisecond} }
	case 3:
		return func(*http.Request, int) *standin.Answer { return &standin.Answer{Delay: time.Hour} }
	case 4:
		return flaky(random.Uint64())
	case 5:
		return func(_ *http.Request, n int) *standin.Answer { // keeps what it does not acknowledge
			if n%3 == 0 {
				return &standin.Answer{Abort: true, Stored: true}
			}
			return nil
		}
	default:
		return nil
	}
}
