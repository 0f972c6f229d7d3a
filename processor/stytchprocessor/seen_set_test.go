package stytchprocessor

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSeenSetAgainstAModel compares with a plain list. Few homes make long chains.
func TestSeenSetAgainstAModel(t *testing.T) {
	for _, c := range []struct {
		limit int
		homes uint64 // that many different buckets are asked for
	}{
		{1, 1}, {2, 2}, {7, 3}, {64, 1 << 62}, {100, 5}, {3000, 1 << 62}, {1000, 40},
	} {
		t.Run(fmt.Sprint(c.limit, " ", c.homes), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(c.limit)))
			s := seenSet{window: 1000, limit: c.limit}
			var model []remembered
			var now uint32
			for range 10*c.limit + 1000 {
				now += random.Uint32N(3)
				if random.IntN(500) == 0 {
					now += random.Uint32N(1200)
				}
				s.expire(now)
				model = slices.DeleteFunc(model, func(r remembered) bool { return now-r.at > s.window })

				which := random.Uint64N(uint64(2*c.limit)) + 1
				k := key{which % c.homes, which}
				known := slices.ContainsFunc(model, func(r remembered) bool { return r.key == k })
				require.Equal(t, known, s.has(k))
				if !known {
					full := len(model) == c.limit
					require.Equal(t, full, s.put(k, now))
					if full {
						model = model[1:]
					}
					model = append(model, remembered{key: k, at: now})
				}
				require.Equal(t, len(model), s.n)
			}
			for _, r := range model {
				require.True(t, s.has(r.key))
			}
		})
	}
}

// TestSeenSetPerEvent holds what the README tells of bytes, also after events have
// come and gone many times over.
func TestSeenSetPerEvent(t *testing.T) {
	for _, limit := range []int{500_000, 530_000} {
		for _, events := range []int{limit, 2 * limit} {
			before := heap()
			s := seenSet{limit: limit}
			for i := range events {
				s.put(key{rand.Uint64(), uint64(i) + 1}, 0)
			}
			each := float64(heap()-before) / float64(limit)
			t.Logf("%d of %d: %.1f bytes an event", limit, events, each)
			require.Less(t, each, 32.1)
			runtime.KeepAlive(&s)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
