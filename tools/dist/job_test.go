package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// event is odd in all ways that an event may be: its bytes must arrive as they are.
const event = `{"event_id":"event-test-1", "project_id":"project-test-1","action":"GetUser","status":"Success","n":1.50,"u":"\u0041","big":12345678901234567890}`

// destination stands in for Loki and for Datadog: it keeps what arrives, and who sent it.
type destination struct {
	*httptest.Server
	mu      sync.Mutex
	lines   []string // at Loki
	entries []string // at Datadog: a request's body each
	agents  []string
}

func newDestination(t *testing.T) *destination {
	t.Helper()
	d := &destination{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // Datadog's check of the key
			fmt.Fprint(w, `{"valid":true}`)
			return
		}
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if r.URL.Path == "/api/v2/logs" {
			content, err := io.ReadAll(body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.entries = append(d.entries, string(content))
			w.WriteHeader(http.StatusAccepted)
			return
		}
		var push struct {
			Streams []struct{ Values [][]json.RawMessage }
		}
		if err := json.NewDecoder(body).Decode(&push); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.agents = append(d.agents, r.UserAgent())
		for _, s := range push.Streams {
			for _, v := range s.Values {
				var line string
				_ = json.Unmarshal(v[1], &line) // what is no text is an empty line, which is not the event
				d.lines = append(d.lines, line)
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(d.Close)
	return d
}

// job is the collector's main job with the packaged configuration and Loki as the destination.
type job struct {
	destination *destination
	environment []string
	receiver    string // where it listens
	metrics     string
	datadog     bool   // the configuration delivers to Datadog, too
	running     func() // called while the collector runs, if it is set
}

func newJob(t *testing.T) *job {
	t.Helper()
	port := func() string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
		return port
	}
	j := &job{destination: newDestination(t)}
	receiver, health, metrics := port(), port(), port()
	j.receiver, j.metrics = "http://127.0.0.1:"+receiver, "http://127.0.0.1:"+metrics+"/metrics"
	j.environment = []string{
		"STYTCH_USERNAME=stytch", "STYTCH_PASSWORD=choose-one", "DD_API_KEY=0123456789abcdef0123456789abcdef",
		"LOKI_URL=" + j.destination.URL, "LOKI_HOSTNAME=logs.example.com", "LOKI_USERNAME=123456", "LOKI_PASSWORD=glc_token",
		"HOST=127.0.0.1", "MY_POD_IP=127.0.0.1", "LISTEN=127.0.0.1:" + receiver, "EVENTS=127.0.0.1:" + receiver, "EVENTS_PORT=" + receiver, "HEALTH_PORT=" + health, "METRICS_PORT=" + metrics,
	}
	return j
}

// run starts a command that runs the collector, hands it an event, and waits until that has arrived as
// it was. Then it ends the command with SIGTERM, which must end well.
func (j *job) run(t *testing.T, command *exec.Cmd, version string) {
	t.Helper()
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	var end error // of the command, once ended is closed
	go func() {
		end = command.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		command.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("%v:\n%s", end, &output)
		}
	})
	status := 0
	require.Eventually(t, func() bool {
		select {
		case <-ended:
			return true
		default:
			status = j.push(t)
			return status == http.StatusAccepted
		}
	}, 60*time.Second, 100*time.Millisecond)
	require.Equal(t, http.StatusAccepted, status, "or the collector ended")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		j.destination.mu.Lock()
		defer j.destination.mu.Unlock()
		require.Equal(c, []string{event}, j.destination.lines)
		if j.datadog {
			require.Len(c, j.destination.entries, 1)
			require.Contains(c, j.destination.entries[0], strings.TrimSuffix(event, "}")+",", "the event's bytes, and then ours")
		}
	}, 60*time.Second, 100*time.Millisecond)
	require.Equal(t, name+"/"+version, j.destination.agents[0])
	answer, err := http.Get(j.metrics)
	require.NoError(t, err)
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Contains(t, string(metrics), fmt.Sprintf("service_version=%q", version))

	if j.running != nil {
		j.running()
	}

	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	select {
	case <-ended:
		require.NoError(t, end)
	case <-time.After(60 * time.Second):
		require.Fail(t, "the collector does not end")
	}
	require.Contains(t, output.String(), "Shutdown complete")
	require.NotContains(t, output.String(), "choose-one", "a secret in the log")
}

// push hands the collector the event, and returns the status of its answer, or 0.
func (j *job) push(t *testing.T) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, j.receiver+"/v1/events", strings.NewReader(event))
	require.NoError(t, err)
	request.SetBasicAuth("stytch", "choose-one")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0 // it does not listen yet
	}
	answer.Body.Close()
	return answer.StatusCode
}

// with is the job's environment with further variables.
func (j *job) with(more ...string) []string { return slices.Concat(j.environment, more) }

// arguments name the packaged configuration, below a folder.
func arguments(folder string) []string {
	return []string{"--config", folder + "/collector.yaml", "--config", folder + "/loki.yaml"}
}

// The packaged configuration does its job, with the release's version wherever it shows.
func TestDefaultConfiguration(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: what `make dist-test` packs runs on Linux")
	}
	version, _ := packed(t)
	binary := filepath.Join(out, "bin/linux_"+arch, name)
	told, err := exec.Command(binary, "--version").Output()
	require.NoError(t, err)
	require.Equal(t, "otelcol-stytch version "+version, strings.TrimSpace(string(told)))

	j := newJob(t)
	command := exec.CommandContext(context.WithoutCancel(t.Context()), binary, arguments("../../deploy/config")...)
	command.Env = j.with("QUEUE_DIRECTORY=" + t.TempDir())
	j.run(t, command, version)
}

// Three variables are enough for Datadog, and the key is one of them.
func TestThreeVariables(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN: what `make dist-test` packs runs on Linux")
	}
	packed(t)
	validate := func(environment ...string) (string, error) {
		command := exec.Command(filepath.Join(out, "bin/linux_"+arch, name), "validate",
			"--config", "../../deploy/config/collector.yaml", "--config", "../../deploy/config/datadog.yaml")
		command.Env = slices.Concat(environment, []string{"QUEUE_DIRECTORY=" + t.TempDir()})
		output, err := command.CombinedOutput()
		return string(output), err
	}
	output, err := validate("STYTCH_USERNAME=stytch", "STYTCH_PASSWORD=choose-one", "DD_API_KEY=0123456789abcdef0123456789abcdef")
	require.NoError(t, err, output)
	output, err = validate("STYTCH_USERNAME=stytch", "STYTCH_PASSWORD=choose-one")
	require.Error(t, err)
	require.Contains(t, output, "exporters::datadog_logs::api: key")
}
