//go:build e2e

package faults

import (
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestOddClocks promises: an event whose sender's clock is wrong, by an hour or by centuries, harms
// no other event of its request, and it arrives or is counted as dropped.
//
// It does not turn the collector's own clock: that takes a machine of its own. The queues and the
// retries go by Go's monotonic clock and by counting, not by the time of day.
func TestOddClocks(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	arrived := map[harness.Destination]map[int]bool{}
	for _, at := range r.all {
		there := map[int]bool{}
		arrived[at] = there
		at.TellEvents(func(event string) {
			n, _ := harness.Number(event)
			mu.Lock()
			there[n] = true
			mu.Unlock()
		})
	}
	// Each 20th event is an odd one: half of them tell their time in an entry's timestamp, as Stytch's
	// Loki stream does, the other half only in the event.
	var events []testdata.Event
	odd := oddTimes(time.Now())
	for n := range 2 * 20 * len(odd) {
		event := r.ledger.Event(n)
		if n%20 == 0 {
			at := odd[n/20%len(odd)]
			event = event.At(at)
			event.Time = at // At goes to the microsecond
		}
		events = append(events, event)
	}
	reply, err := r.sender.LokiPush(t.Context(), events[:len(events)/2])
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	reply, err = r.sender.NDJSON(t.Context(), events[len(events)/2:])
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, reply.Status, reply.Body)

	for at, exporter := range map[harness.Destination]string{r.loki: "loki", r.datadog: "datadog_logs"} {
		there := func() (in, out int) {
			mu.Lock()
			defer mu.Unlock()
			for n := range arrived[at] {
				if n%20 != 0 {
					in++
				} else {
					out++
				}
			}
			return in, out
		}
		dropped := func() int { return r.counter("otelcol_exporter_" + exporter + "_dropped_events") }
		r.until("the others arrive", func() bool { in, _ := there(); return in == 2*19*len(odd) })
		// At least: Loki may keep an event, answer 400 for another one of the request, and refuse the
		// first when it comes again, by itself and by then too far behind the newest.
		r.until("each odd one arrives or is counted", func() bool { _, out := there(); return out+dropped() >= 2*len(odd) })
		_, out := there()
		t.Logf("%s: of %d odd ones %d arrived, %d were counted as dropped", at, 2*len(odd), out, dropped())
	}
	r.collector.Stop()
	require.NotContains(t, strings.ToLower(r.collector.Output()), "panic")
}

// oddTimes are what broken clocks tell. An entry's timestamp is a positive number.
func oddTimes(now time.Time) []time.Time {
	return []time.Time{
		time.Unix(0, 1), time.Unix(0, math.MaxInt64), now.AddDate(-30, 0, 0), now.AddDate(100, 0, 0),
		now.AddDate(0, 0, -8), now.Add(-19 * time.Hour), now.Add(-3 * time.Hour), now.Add(3 * time.Hour),
	}
}
