//go:build e2e

package faults

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// Secrets of the exporters, which answers repeat and nothing may tell.
const (
	hostilePassword = "pa55word-of-loki-4711"
	hostileKey      = "fedcba9876543210fedcba9876543210"
)

// hostile is a destination that answers as its row says, until it is well.
type hostile struct {
	name   string
	answer http.HandlerFunc
	usual  http.Handler
	well   atomic.Bool
	asked  atomic.Int32
	server *httptest.Server

	mu      sync.Mutex
	arrived map[int]bool
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.asked.Add(1); h.well.Load() {
		h.usual.ServeHTTP(w, r)
		return
	}
	h.answer(w, r)
}

func (h *hostile) take(text string) {
	if n, ok := harness.Number(text); ok {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.arrived[n] = true
	}
}

func (h *hostile) missing(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return n - len(h.arrived)
}

// TestHostileAnswers promises: whatever a destination answers, what was acknowledged arrives once it
// is well; the collector lives, in little memory; neither a secret nor an event is in its log or its
// metrics, even where an answer repeats them; and a redirect takes the key nowhere.
//
// One collector sends to all of them, each by a pipeline of its own.
func TestHostileAnswers(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed: %s with %v", r.URL, r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	for _, kind := range []string{"loki", "datadog_logs"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			runHostile(t, kind, hostileAnswers(kind, elsewhere.URL))
		})
	}
}

func runHostile(t *testing.T, kind string, answers []hostileAnswer) {
	ledger := harness.NewLedger()
	var all []*hostile
	for _, a := range answers {
		h := &hostile{name: a.name, answer: a.answer, arrived: map[int]bool{}}
		if kind == "loki" {
			loki := standin.NewLoki()
			loki.Forget = true
			loki.TellEvents(h.take)
			h.usual = loki
		} else {
			datadog := standin.NewDatadog(hostileKey)
			datadog.Forget = true
			datadog.TellEvents(h.take)
			h.usual = datadog
		}
		h.server = httptest.NewServer(h)
		t.Cleanup(h.server.Close)
		all = append(all, h)
	}
	address, metrics := "127.0.0.1:"+harness.Port(t), harness.Port(t)
	options := harness.Options{
		Configs: []string{hostileConfig(t, kind, address, metrics, all)}, Receiver: address,
		Env: map[string]string{"LOKI_PASSWORD": hostilePassword, "DD_API_KEY": hostileKey},
	}
	collector := harness.Start(t, options)
	sender := harness.Sender{URL: "http://" + address}
	const n = 60
	load := &harness.Load{Sender: sender, Ledger: ledger, Batch: 3, Total: n, Rate: 30}
	load.Start().Wait()
	require.Empty(t, load.Wrong())
	require.Eventually(t, func() bool {
		for _, h := range all {
			if h.asked.Load() < 2 && !strings.Contains(h.name, "an hour") {
				return false
			}
		}
		return true
	}, patience, 20*time.Millisecond, "two attempts at each")
	time.Sleep(3 * time.Second) // as many attempts as in 5 minutes with the default intervals
	for _, h := range all {
		h.well.Store(true)
	}
	arrived := func(but string) func() bool {
		return func() bool {
			for _, h := range all {
				if h.missing(n) > 0 && (but == "" || !strings.Contains(h.name, but)) {
					return false
				}
			}
			return true
		}
	}
	told := func() string {
		r := &rig{T: t, metrics: "http://127.0.0.1:" + metrics + "/metrics"}
		return r.exposed() + collector.Output()
	}
	if !waitFor(patience, arrived("an hour")) {
		for _, h := range all {
			if h.missing(n) > 0 {
				t.Errorf("%s: %d of %d are lost or still wait", h.name, h.missing(n), n)
			}
		}
	}
	output := told()
	r := &rig{T: t, collector: collector}
	peak := r.kibibytes("VmHWM")
	t.Logf("%d destinations, largest RSS %d MiB", len(all), peak>>10)
	require.Less(t, peak>>10, 600)
	collector.Stop()
	output += collector.Output()
	collector = harness.Start(t, options) // a wait of an hour ends with the process
	require.True(t, waitFor(patience, arrived("")), "what waited for an hour")
	output += told()
	collector.Stop()
	output += collector.Output()
	for _, secret := range []string{
		hostilePassword, hostileKey, base64.StdEncoding.EncodeToString([]byte("123456:" + hostilePassword)),
		"event-live-00000000", "member-live-0000",
	} {
		require.NotContains(t, output, secret)
	}
	require.NotContains(t, output, "panic")
	require.NotContains(t, output, "Dropped events")
}

func waitFor(d time.Duration, condition func() bool) bool {
	for deadline := time.Now().Add(d); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if condition() {
			return true
		}
	}
	return false
}

// hostileConfig is a collector with a pipeline for each destination.
func hostileConfig(t *testing.T, kind, address, metrics string, all []*hostile) string {
	t.Helper()
	var exporters, pipelines strings.Builder
	for i, h := range all {
		credentials := `username: "123456", password: "${env:LOKI_PASSWORD}", endpoint: "` + h.server.URL + `"`
		if kind != "loki" {
			credentials = `api: {key: "${env:DD_API_KEY}"}, endpoint: "` + h.server.URL + `"`
		}
		fmt.Fprintf(&exporters, `  %s/%d: {%s, timeout: 1s, retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}, sending_queue: {storage: file_storage}}`+"\n", kind, i, credentials)
		fmt.Fprintf(&pipelines, "    logs/%d: {receivers: [stytch], processors: [stytch], exporters: [%s/%d]}\n", i, kind, i)
	}
	config := `
extensions:
  file_storage: {directory: "` + filepath.ToSlash(t.TempDir()) + `"}
receivers:
  stytch: {http: {endpoint: "` + address + `"}}
processors:
  stytch: {deduplicate: {window: 10m}}
exporters:
` + exporters.String() + `
service:
  extensions: [file_storage]
  pipelines:
` + pipelines.String() + `
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ` + metrics + `}}}}]}
`
	file := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	return file
}
