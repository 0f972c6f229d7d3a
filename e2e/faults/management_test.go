//go:build e2e

package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

const workspaceSecret = "workspace-secret-of-this-test"

// managed has one exporter whose streams the extension keeps. The environments follow.
const managed = `
receivers: {stytch: {http: {endpoint: "${env:LISTEN}"}}}
processors: {stytch: {management: {extension: stytch_management, destination: DATADOG}}}
exporters:
  datadog_logs:
    management: stytch_management
    endpoint: "${env:DATADOG_URL}"
    sending_queue: {storage: file_storage/queue, batch: {flush_timeout: 20ms}}
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}
service:
  telemetry: {metrics: {level: none}}
  extensions: [file_storage/queue, file_storage/management, stytch_management]
  pipelines: {logs: {receivers: [stytch], processors: [stytch], exporters: [datadog_logs]}}
extensions:
  file_storage/queue: {directory: "${env:STATE}/queue", create_directory: true}
  file_storage/management: {directory: "${env:STATE}/streams", create_directory: true, fsync: true}
  stytch_management:
    http: {endpoint: "${env:MANAGEMENT}"}
    workspace_keys: [{id: workspace-key-1, secret: "${env:SECRET}"}]
    storage: file_storage/management
    encryption_keys: ["${env:STREAMS_KEY}"]
    environments:
`

// TestKillBetweenCalls promises: whenever the collector is killed, each stream is afterwards what its
// last answer said; or, where a call had no answer, what that call would have made of it. No event
// that was acknowledged while its stream was ACTIVE is lost, and none that came while it was DISABLED,
// or while there was none, is ever sent.
func TestKillBetweenCalls(t *testing.T) {
	const projects, kills = 6, 30
	listen, management := "127.0.0.1:"+harness.Port(t), "127.0.0.1:"+harness.Port(t)
	datadog := &intake{arrived: map[string]bool{}}
	server := httptest.NewServer(datadog)
	defer server.Close()
	config := []string{managed}
	var all []*pusher
	for i := range projects {
		project := fmt.Sprintf("project-live-%d", i)
		config = append(config, fmt.Sprintf("      - {project_slug: acme, environment_slug: e%d, project_id: %s}\n", i, project))
		d := &driver{
			url:    fmt.Sprintf("http://%s/pwa/v3/projects/acme/environments/e%d/event_log_streaming", management, i),
			random: rand.New(rand.NewPCG(3, uint64(i))), deletes: i%2 == 1,
		}
		all = append(all, &pusher{driver: d, sender: harness.Sender{URL: "http://" + listen}, project: project})
	}
	file := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(config, "")), 0o600))
	options := harness.Options{Configs: []string{file}, Receiver: listen, Env: map[string]string{
		"LISTEN": listen, "MANAGEMENT": management, "STATE": t.TempDir(), "SECRET": workspaceSecret, "DATADOG_URL": server.URL,
		"STREAMS_KEY": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
	}}
	random := rand.New(rand.NewPCG(1, 2))
	unanswered, happened := 0, 0
	for kill := range kills {
		collector := harness.Start(t, options)
		for i, p := range all {
			status, got, err := p.do("GET", "/DATADOG", "")
			require.NoError(t, err)
			require.Contains(t, []int{http.StatusOK, http.StatusNotFound}, status)
			if p.state != p.next {
				unanswered++
				if got == p.next.shown() {
					happened++
					p.enter(p.next, p.next)
				}
			}
			require.Equal(t, p.state.shown(), got, "stream %d after %d kills", i, kill)
			p.enter(p.state, p.state)
		}
		var working sync.WaitGroup
		var answered atomic.Int64
		errs := make(chan error, projects)
		for _, p := range all {
			working.Go(func() {
				for {
					ok, err := p.step()
					if err != nil {
						errs <- err
					}
					if !ok {
						return
					}
					answered.Add(1)
					time.Sleep(time.Duration(p.random.IntN(10_000)) * time.Microsecond) // for events in between
				}
			})
			working.Go(func() {
				for p.push(t) {
				}
			})
		}
		require.Eventually(t, func() bool { return answered.Load() > 0 || len(errs) > 0 }, patience, time.Millisecond)
		time.Sleep(time.Duration(random.IntN(100_000)) * time.Microsecond)
		collector.Kill()
		working.Wait()
		close(errs)
		require.NoError(t, <-errs)
	}
	collector := harness.Start(t, options)
	var must, not []string
	calls := 0
	for _, p := range all {
		must, not, calls = append(must, p.must...), append(not, p.not...), calls+p.calls
	}
	assert.Eventually(t, func() bool { _, missing := datadog.of(must); return len(missing) == 0 }, patience, 50*time.Millisecond)
	collector.Stop()
	t.Logf("%d kills, %d calls answered, %d without an answer, of which %d had happened; %d events had to arrive, %d had not",
		kills, calls, unanswered, happened, len(must), len(not))
	_, missing := datadog.of(must)
	require.Empty(t, missing, "acknowledged for an ACTIVE stream, and lost")
	sent, _ := datadog.of(not)
	require.Empty(t, sent, "came while the stream was not ACTIVE, and was sent")
	require.Greater(t, unanswered, kills/2, "most kills met a call on its way")
	require.Greater(t, min(len(must), len(not)), 10, "both kinds of events came")
}
