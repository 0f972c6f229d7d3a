package datadoglogsexporter

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// event returns the n-th event, of size bytes.
func event(n, size int) string {
	s := fmt.Sprintf(`{"event_id":"%06d","pad":""}`, n)
	return s[:len(s)-2] + strings.Repeat("p", max(0, size-len(s))) + `"}`
}

func events(from, to, size int) plog.Logs {
	var bodies []string
	for n := from; n < to; n++ {
		bodies = append(bodies, event(n, size))
	}
	return logs(bodies...)
}

// arrivals counts the logs by their event_id.
func arrivals(datadog *standin.Datadog) map[string]int {
	n := map[string]int{}
	for _, log := range datadog.Logs() {
		n[log.Text("event_id")]++
	}
	return n
}

func requireOnce(t *testing.T, datadog *standin.Datadog, n int) {
	t.Helper()
	got := arrivals(datadog)
	require.Equal(t, n, len(got)) //nolint:testifylint // Len would print them all
	for id, times := range got {
		require.Equal(t, 1, times, id)
	}
}

func queued(cfg *Config) { cfg.QueueConfig = httpsend.DefaultQueue() }

func TestEventsArriveOnceEachWithinTheLimits(t *testing.T) {
	for _, tc := range []struct {
		n, size, requests int
		edit              func(*Config)
	}{
		{4000, 3 << 10, 4, func(*Config) {}},                       // 1,000 at a time
		{600, 20_000, 3, func(*Config) {}},                         // 5,000,000 bytes at a time
		{4000, 3 << 10, 4, queued},                                 // the queue batches the same
		{100, 3 << 10, 1, func(c *Config) { compress(c, "zstd") }}, // each compression
		{100, 3 << 10, 1, func(c *Config) { compress(c, "none") }}, //
	} {
		datadog := standin.NewDatadog(apiKey)
		url, err := datadog.Start("localhost:0")
		require.NoError(t, err)
		r := startRig(t, url, tc.edit)
		require.NoError(t, r.ConsumeLogs(t.Context(), events(0, tc.n, tc.size)))
		r.Stop()
		requireOnce(t, datadog, tc.n)
		require.Equal(t, map[int]int{http.StatusAccepted: tc.requests}, datadog.Statuses())
		require.Equal(t, tc.n, r.Count("delivered_events"))
		require.Greater(t, r.Counts("delivered_bytes", "form")["payload"], tc.n*tc.size)
		require.Positive(t, r.Counts("delivered_bytes", "form")["wire"])
		require.Zero(t, datadog.Requests(standin.DatadogValidatePath))
		require.NoError(t, datadog.Close())
	}
}

func compress(cfg *Config, name string) {
	if err := cfg.ClientConfig.Compression.UnmarshalText([]byte(name)); err != nil {
		panic(err)
	}
}

func TestNothingIsNothingToSend(t *testing.T) {
	datadog := standin.NewDatadog(apiKey)
	url, err := datadog.Start("localhost:0")
	require.NoError(t, err)
	defer datadog.Close()
	for _, edit := range []func(*Config){func(*Config) {}, queued} {
		r := startRig(t, url, edit)
		require.NoError(t, r.ConsumeLogs(t.Context(), plog.NewLogs()))
		empty := plog.NewLogs()
		empty.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		require.NoError(t, r.ConsumeLogs(t.Context(), empty))
		r.Stop()
		require.Empty(t, datadog.Statuses())
	}
}

// Through every kind of failure each event arrives once, but for those whose
// acknowledgement was lost, which arrive at least once, and those that are
// refused, which are counted.
func TestNothingDeliveredIsSentAgain(t *testing.T) {
	const n, pushes = 6000, 60
	datadog := standin.NewDatadog(apiKey)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	unacknowledged := map[string]bool{}
	poison := func(id string) bool { return strings.HasSuffix(id, "500") }
	url := choosy(t, datadog, func(w http.ResponseWriter, logs []standin.Log) int {
		mu.Lock()
		defer mu.Unlock()
		for _, log := range logs {
			if poison(log.Text("event_id")) {
				return http.StatusBadRequest
			}
		}
		switch random.IntN(12) {
		case 0:
			return http.StatusInternalServerError
		case 1:
			return http.StatusServiceUnavailable
		case 2:
			w.Header().Set("Retry-After", "0.01")
			return http.StatusTooManyRequests
		case 3:
			return http.StatusForbidden
		case 4:
			panic(http.ErrAbortHandler)
		case 5, 6:
			if len(logs) > 1 {
				return []int{http.StatusRequestEntityTooLarge, http.StatusBadRequest}[random.IntN(2)]
			}
		case 7:
			if random.IntN(4) == 0 {
				for _, log := range logs {
					unacknowledged[log.Text("event_id")] = true
				}
				return lost
			}
		}
		return 0
	})
	r := startRig(t, url, queued, func(cfg *Config) {
		queue := cfg.QueueConfig.Get()
		queue.Batch = configoptional.Some(exporterhelper.BatchConfig{
			Sizer: exporterhelper.RequestSizerTypeItems, FlushTimeout: time.Millisecond, MinSize: 150, MaxSize: 150,
		})
	})
	for i := range pushes {
		require.NoError(t, r.ConsumeLogs(t.Context(), events(i*n/pushes, (i+1)*n/pushes, 200)))
	}
	require.Eventually(t, func() bool { return r.Count("delivered_events") == n-n/1000 }, 30*time.Second, 10*time.Millisecond)
	trickle(t, r, n, func() bool { return r.Count("dropped_events") == n/1000 })
	r.Stop()
	got := arrivals(datadog)
	for i := range n {
		switch id := fmt.Sprintf("%06d", i); {
		case poison(id):
			require.Zero(t, got[id], id)
		case unacknowledged[id]:
			require.GreaterOrEqual(t, got[id], 1, id)
		default:
			require.Equal(t, 1, got[id], id)
		}
	}
	require.Equal(t, n/1000, r.Counts("dropped_events", "reason")["rejected"])
	require.NotEmpty(t, unacknowledged)
}

// trickle pushes an event at a time, numbered from first on, until done: only where
// others are accepted is one in quarantine dropped.
func trickle(t *testing.T, r *exporterrig.Rig, first int, done func() bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		require.NoError(t, r.ConsumeLogs(t.Context(), events(first, first+1, 100)))
		first++
		return done()
	}, 30*time.Second, 5*time.Millisecond)
}
