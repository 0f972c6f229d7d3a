package page

import (
	"sync"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// kept is the number of samples: one a minute, and the one before the first minute.
const kept = 61

// sample is a stream's figures at one moment.
type sample struct {
	at                 time.Time
	delivered, waiting int64
	failing            bool // retrying, held or full
}

// samples keeps the last hour of each stream, 3 KiB for each.
type samples struct {
	mu sync.Mutex
	of map[*managed.Figures][]sample // by age, the oldest first
}

func newSamples() *samples { return &samples{of: map[*managed.Figures][]sample{}} }

// take adds a sample of every stream and forgets the streams that are gone.
func (all *samples) take(table *managed.Table, now time.Time) {
	if table == nil {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	next := make(map[*managed.Figures][]sample, table.Len())
	for s := range table.All() {
		history := all.of[s.Figures]
		history = append(history, toSample(s.Figures.Snapshot(), now))
		if len(history) > kept {
			history = append(history[:0], history[len(history)-kept:]...)
		}
		next[s.Figures] = history
	}
	all.of = next
}

func toSample(f managed.Snapshot, now time.Time) sample {
	return sample{
		at: now, delivered: f.Delivered, waiting: f.Waiting,
		failing: f.Health == managed.Retrying || f.Health == managed.Held || f.Health == managed.Full,
	}
}

// minute is what happened between two samples.
type minute struct {
	begin, end time.Time
	delivered  float64 // a second
	waiting    int64   // at its end
	failing    bool    // at its end
}

// hour returns the minutes of the last hour, oldest first, and the one that runs, f.
func (all *samples) hour(figures *managed.Figures, f managed.Snapshot, now time.Time) []minute {
	all.mu.Lock()
	history := append([]sample(nil), all.of[figures]...)
	all.mu.Unlock()
	if len(history) > 1 && now.Sub(history[len(history)-1].at) < 30*time.Second {
		history = history[:len(history)-1] // too short a time for a rate
	}
	if len(history) == 0 {
		history = append(history, sample{at: f.Since})
	}
	history = append(history, toSample(f, now))
	var minutes []minute
	for i, s := range history[1:] {
		before := history[i]
		minutes = append(minutes, minute{
			begin: before.at, end: s.at,
			delivered: perSecond(s.delivered-before.delivered, s.at.Sub(before.at)),
			waiting:   s.waiting, failing: s.failing,
		})
	}
	return minutes[max(0, len(minutes)-kept+1):]
}

// perSecond is the rate of n events in d, which can be next to nothing.
func perSecond(n int64, d time.Duration) float64 {
	return float64(max(n, 0)) / max(d.Seconds(), 1)
}

// now is what a stream delivers a second, over the last one to two minutes.
func (all *samples) now(figures *managed.Figures, f managed.Snapshot, now time.Time) float64 {
	since := sample{at: f.Since}
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, s := range all.of[figures] {
		if now.Sub(s.at) >= time.Minute {
			since = s
		}
	}
	return perSecond(f.Delivered-since.delivered, now.Sub(since.at))
}
