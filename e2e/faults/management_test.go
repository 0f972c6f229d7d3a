//go:build e2e

package faults

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

const workspaceSecret = "workspace-secret-of-this-test"

// managementOnly has the extension, and beside it the least that a collector wants.
const managementOnly = `
extensions:
  file_storage/management: {directory: "${env:STATE}", create_directory: true, fsync: true}
  stytch_management:
    http: {endpoint: "${env:MANAGEMENT}"}
    workspace_keys: [{id: workspace-key-1, secret: "${env:SECRET}"}]
    storage: file_storage/management
    encryption_keys: ["${env:STREAMS_KEY}"]
    environments:
`

const restOfManagementOnly = `
receivers: {stytch: {http: {endpoint: "${env:LISTEN}"}}}
exporters: {debug: {}}
service:
  telemetry: {metrics: {level: none}}
  extensions: [file_storage/management, stytch_management]
  pipelines: {logs: {receivers: [stytch], exporters: [debug]}}
`

// driver makes calls for one project's stream, one at a time, and knows what each answer promised.
type driver struct {
	url    string // of the project's streams
	random *rand.Rand
	keys   int // how many were made
	// state is what the last answer promised. While a call has no answer, next may be the state as well.
	state, next streamState
	calls       int // that were answered
}

// streamState is a stream's number of the key, and its status. The zero value is no stream.
type streamState struct {
	key    int
	status string
}

// shown is how GET shows it.
func (s streamState) shown() string {
	if s.status == "" {
		return ""
	}
	return fmt.Sprintf(`{"destination_config":{"datadog":{"api_key_last_four":"%04d","site":"US"}},"destination_type":"DATADOG","streaming_status":%q}`, s.key, s.status)
}

func (d *driver) do(method, path, body string) (status int, config string, err error) {
	req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.SetBasicAuth("workspace-key-1", workspaceSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", err
	}
	var answer struct {
		Config json.RawMessage `json:"event_log_streaming_config"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return 0, "", err
	}
	var members any
	if json.Unmarshal(answer.Config, &members) == nil {
		text, _ := json.Marshal(members) // in the order of their names
		config = string(text)
	}
	return resp.StatusCode, config, nil
}

// step makes a call that changes the state. It returns false when no answer came.
func (d *driver) step() (bool, error) {
	method, path, body := "POST", "", ""
	config := func() string {
		d.keys++
		d.next.key = d.keys
		return fmt.Sprintf(`"destination_config":{"datadog":{"api_key":"%032d","site":"US"}}`, d.keys)
	}
	switch choice := d.random.IntN(6); {
	case d.state.status == "":
		body = `{"destination_type":"DATADOG",` + config() + `}`
		d.next.status = "DISABLED"
	case choice == 0:
		method, path, d.next = "DELETE", "/DATADOG", streamState{}
	case choice < 3 && d.state.status == "DISABLED":
		path, d.next.status = "/DATADOG/enable", "ACTIVE"
	case choice < 3:
		path, d.next.status = "/DATADOG/disable", "DISABLED"
	default:
		method, path, body = "PUT", "/DATADOG", `{`+config()+`}`
	}
	code, _, err := d.do(method, path, body)
	if err != nil {
		return false, nil
	}
	if code != http.StatusOK {
		return false, fmt.Errorf("%s %s: %d", method, path, code)
	}
	d.state = d.next
	d.calls++
	return true, nil
}

// TestKillBetweenCalls promises: whenever the collector is killed, each stream is afterwards what its
// last answer said; or, where a call had no answer, what that call would have made of it.
func TestKillBetweenCalls(t *testing.T) {
	const projects, kills = 6, 30
	listen, management := "127.0.0.1:"+harness.Port(t), "127.0.0.1:"+harness.Port(t)
	config := managementOnly
	var drivers []*driver
	for i := range projects {
		config += fmt.Sprintf("      - {project_slug: acme, environment_slug: e%d, project_id: project-live-%d}\n", i, i)
		drivers = append(drivers, &driver{
			url:    fmt.Sprintf("http://%s/pwa/v3/projects/acme/environments/e%d/event_log_streaming", management, i),
			random: rand.New(rand.NewPCG(3, uint64(i))),
		})
	}
	file := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(file, []byte(config+restOfManagementOnly), 0o600))
	options := harness.Options{Configs: []string{file}, Receiver: listen, Env: map[string]string{
		"LISTEN": listen, "MANAGEMENT": management, "STATE": filepath.Join(t.TempDir(), "state"), "SECRET": workspaceSecret,
		"STREAMS_KEY": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
	}}
	random := rand.New(rand.NewPCG(1, 2))
	unanswered, happened := 0, 0
	for kill := range kills + 1 {
		collector := harness.Start(t, options)
		for i, d := range drivers {
			status, got, err := d.do("GET", "/DATADOG", "")
			require.NoError(t, err)
			require.Contains(t, []int{http.StatusOK, http.StatusNotFound}, status)
			if d.state != d.next {
				unanswered++
				if got == d.next.shown() {
					happened++
					d.state = d.next
				}
			}
			require.Equal(t, d.state.shown(), got, "stream %d after %d kills", i, kill)
			d.next = d.state
		}
		if kill == kills {
			collector.Stop()
			break
		}
		var calling sync.WaitGroup
		var answered atomic.Int64
		errs := make(chan error, projects)
		for _, d := range drivers {
			calling.Go(func() {
				for {
					ok, err := d.step()
					if err != nil {
						errs <- err
					}
					if !ok {
						return
					}
					answered.Add(1)
				}
			})
		}
		require.Eventually(t, func() bool { return answered.Load() > 0 || len(errs) > 0 }, patience, time.Millisecond)
		time.Sleep(time.Duration(random.IntN(100_000)) * time.Microsecond)
		collector.Kill()
		calling.Wait()
		close(errs)
		require.NoError(t, <-errs)
	}
	calls := 0
	for _, d := range drivers {
		calls += d.calls
	}
	t.Logf("%d kills, %d calls answered, %d without an answer, of which %d had happened", kills, calls, unanswered, happened)
	require.Greater(t, unanswered, kills/2, "most kills met a call on its way")
}
