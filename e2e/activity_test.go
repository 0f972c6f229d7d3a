//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const workspaceSecret = "a-secret-of-32-characters-or-more"

// watched has one exporter whose streams are managed, in memory but for the streams.
const watched = `
receivers: {stytch: {http: {endpoint: "${env:LISTEN}"}}}
processors: {stytch: {management: {extension: stytch_management, destination: DATADOG}}}
exporters: {datadog_logs: {management: stytch_management, endpoint: "${env:DATADOG_URL}"}}
extensions:
  file_storage/management: {directory: "${env:STATE}", create_directory: true}
  stytch_management:
    http: {endpoint: "${env:MANAGEMENT}"}
    workspace_keys: [{id: workspace-key-1, secret: "${env:SECRET}"}]
    storage: file_storage/management
    activity: {enabled: "${env:ACTIVITY}"}
service:
  telemetry: {metrics: {level: none}}
  extensions: [file_storage/management, stytch_management]
  pipelines: {logs: {receivers: [stytch], processors: [stytch], exporters: [datadog_logs]}}
`

// gateway is a collector with managed streams.
type gateway struct {
	*harness.Process
	listen, management string
}

func startWatched(t *testing.T, datadog string, activity bool) gateway {
	t.Helper()
	g := gateway{listen: "127.0.0.1:" + harness.Port(t), management: "127.0.0.1:" + harness.Port(t)}
	config := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(config, []byte(watched), 0o600))
	g.Process = harness.Start(t, harness.Options{Configs: []string{config}, Receiver: g.listen, Env: map[string]string{
		"LISTEN": g.listen, "MANAGEMENT": g.management, "DATADOG_URL": datadog, "STATE": t.TempDir(),
		"SECRET": workspaceSecret, "ACTIVITY": strconv.FormatBool(activity),
	}})
	return g
}

// call makes a change through the management API.
func (g gateway) call(t *testing.T, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+g.management+path, strings.NewReader(body))
	require.NoError(t, err)
	request.SetBasicAuth("workspace-key-1", workspaceSecret)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(text))
}

// watch reads the page's events until the context ends, and counts their bytes.
func (g gateway) watch(t *testing.T, ctx context.Context, readers *sync.WaitGroup) (read func() int64) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.PostForm("http://"+g.management+"/sign-in", url.Values{"id": {"workspace-key-1"}, "secret": {workspaceSecret}})
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.management+"/activity/events", nil)
	require.NoError(t, err)
	request.AddCookie(answer.Cookies()[0])
	events, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, events.StatusCode)
	var mu sync.Mutex
	var bytes int64
	readers.Go(func() {
		defer events.Body.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := events.Body.Read(buffer)
			mu.Lock()
			bytes += int64(n)
			mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	return func() int64 { mu.Lock(); defer mu.Unlock(); return bytes }
}

// figure reads a line of /proc/PID/status in KiB.
func (g gateway) figure(t *testing.T, name string) int {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.Pid()))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(content), "\n"+name+":")
	require.True(t, found)
	value, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return value
}

// cpu is the time that the process's threads have used. The process's own figure counts in
// hundredths of a second.
func (g gateway) cpu(t *testing.T) time.Duration {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", g.Pid()))
	require.NoError(t, err)
	total := int64(0)
	for _, entry := range entries {
		if content, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", g.Pid(), entry.Name())); err == nil {
			n, _ := strconv.ParseInt(strings.Fields(string(content))[0], 10, 64)
			total += n
		}
	}
	return time.Duration(total)
}

// TestActivityCostsLittle promises: with a thousand streams and 5,000 events a second, two readers
// of the page's events cost at most a tenth of the CPU time of an event, and a bounded amount of
// memory. Rounds with Activity on and off alternate, on two collectors, and the medians are
// compared; on a busy machine it takes more rounds to tell.
func TestActivityCostsLittle(t *testing.T) {
	const streams, busy, rounds, atMost, batch, perSecond = 1000, 10, 4, 16, 100, 5000
	const seconds = 2
	intake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "{}")
	}))
	defer intake.Close()

	project := func(n int) string { return fmt.Sprintf("project-test-%08x-1111-4111-8111-111111111111", n) }
	var bodies [][]byte
	for n := range busy {
		events := make([]testdata.Event, batch)
		for i := range events {
			events[i] = testdata.Event{JSON: fmt.Sprintf(`{"event_id":"event-test-%08x-%08x","project_id":"%s","action":"SessionsAuthenticate","status":"Success","http_status_code":200,`+
				`"email_address":"jane@corp.example.com","request_id":"request-id-test-%08x","user_agent":["Stytch Go v16.20.0"],"_timestamp":%d,"rest":"%s"}`,
				n, i, project(n), i, time.Now().UnixMicro(), strings.Repeat("x", 500))}
		}
		var lines bytes.Buffer
		for _, event := range events {
			lines.WriteString(event.JSON + "\n")
		}
		bodies = append(bodies, harness.Gzip(lines.Bytes()))
	}
	off, on := startWatched(t, intake.URL, false), startWatched(t, intake.URL, true)
	for _, g := range []gateway{off, on} {
		for n := range streams {
			g.call(t, "/streaming/v1/streams", fmt.Sprintf(`{"project_id":"%s","destination_type":"DATADOG","destination_config":{"datadog":{"site":"US","api_key":"%032x"}}}`, project(n), n))
			if n < busy {
				g.call(t, "/streaming/v1/streams/"+project(n)+"/DATADOG/enable", "")
			}
		}
	}
	var readers sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer readers.Wait()
	defer cancel()
	first, second := on.watch(t, ctx, &readers), on.watch(t, ctx, &readers)

	round := func(g gateway) float64 {
		begin, before := time.Now(), g.cpu(t)
		for n := range perSecond * seconds / batch {
			if wait := time.Until(begin.Add(time.Duration(n) * time.Second * batch / perSecond)); wait > 0 {
				time.Sleep(wait)
			}
			reply, err := harness.Sender{URL: "http://" + g.listen}.Post(ctx, "/v1/events", bodies[n%busy], http.Header{"Content-Type": {"application/x-ndjson"}, "Content-Encoding": {"gzip"}})
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, reply.Status)
		}
		time.Sleep(300 * time.Millisecond) // what is queued is sent after 200 ms
		return float64((g.cpu(t) - before).Nanoseconds()) / (perSecond * seconds)
	}
	round(off)
	round(on)
	var without, with []float64
	ratio := 0.0
	for n := 0; n < rounds || n < atMost && ratio > 1.1; n++ {
		if n%2 == 0 {
			without, with = append(without, round(off)), append(with, round(on))
		} else {
			with, without = append(with, round(on)), append(without, round(off))
		}
		ratio = middle(with) / middle(without)
	}
	t.Logf("CPU of an event: %.1f µs without Activity, %.1f µs with it and two readers, ratio %.3f (%d rounds); readers took %d and %d KiB; largest memory %d and %d MiB",
		middle(without)/1000, middle(with)/1000, ratio, len(with), first()/1024, second()/1024, off.figure(t, "VmHWM")/1024, on.figure(t, "VmHWM")/1024)
	require.LessOrEqual(t, ratio, 1.1)
	require.Greater(t, first(), int64(100<<10))
	require.Greater(t, second(), int64(100<<10))
	require.Less(t, on.figure(t, "VmHWM")-off.figure(t, "VmHWM"), 48<<10, "8 MiB of events, and what readers hold")
}

func middle(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
