package stytchprocessor

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
)

// TestExactlyOnceUnderRandomFailures sends every event in several overlapping
// requests from many goroutines, each again until it is acknowledged, at a
// consumer that refuses a third of the time. Each event is taken exactly once,
// and never acknowledged before.
func TestExactlyOnceUnderRandomFailures(t *testing.T) {
	const events, senders, requests, size = 400, 16, 60, 12
	var mu sync.Mutex
	taken := map[string]int{}
	next, err := consumer.NewLogs(func(_ context.Context, ld plog.Logs) error {
		list := ids(ld)
		for range rand.IntN(20) {
			runtime.Gosched()
		}
		if rand.IntN(3) == 0 {
			return errFull
		}
		mu.Lock()
		defer mu.Unlock()
		for _, id := range list {
			taken[id]++
		}
		return nil
	})
	require.NoError(t, err)
	w := newWorldBefore(t, next, deduplicating)

	var wait sync.WaitGroup
	for s := range senders {
		random := rand.New(rand.NewPCG(uint64(s), 0))
		wait.Go(func() {
			for i := range requests {
				// Senders go through the events at about the same pace, so that they meet.
				list := make([]string, size)
				for j := range list {
					list[j] = strconv.Itoa((i*events/requests + random.IntN(2*size)) % events)
				}
				for w.processor.ConsumeLogs(t.Context(), logs(list...)) != nil {
					runtime.Gosched()
				}
				mu.Lock()
				for _, id := range list {
					if taken[id] == 0 {
						t.Errorf("%s was acknowledged before it was taken", id)
					}
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	for id, times := range taken {
		require.Equal(t, 1, times, "event %s", id)
	}
	w.requireRemembered(int64(len(taken)))
}
