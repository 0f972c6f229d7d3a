//go:build e2e

package managed

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/stytchclient"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const (
	keyID     = "workspace-key-prod-1"
	keySecret = "workspace-secret-of-this-test"
	apiKey    = "0123456789abcdef0123456789abcdef"
	project   = "project-live-cb0aabac-34f9-4056-886d-a98e490c9b67" // acme, production
)

// patience bounds every wait for a condition. It is met in a fraction of that, or the test fails.
const patience = 60 * time.Second

// toStandins sends what goes to the streams' destinations to the stand-ins, and scales waits down.
const toStandins = `
exporters:
  datadog_logs: {endpoint: "${env:DATADOG_URL}", api: {endpoint: "${env:DATADOG_URL}"}, retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}}
  loki: {endpoint: "${env:LOKI_URL}", retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}}
`

// internet is what the collectors of a test share: the destinations, and a certificate.
type internet struct {
	*testing.T
	datadog *standin.Datadog
	loki    *standin.Loki
	env     map[string]string
	clients *tls.Config
	overlay string // file
}

func newInternet(t *testing.T) *internet {
	t.Helper()
	w := &internet{T: t, datadog: standin.NewDatadog(apiKey), loki: standin.NewLoki()}
	directory := t.TempDir()
	certificate, key, clients := harness.Certificate(t, directory)
	w.clients = clients
	w.env = map[string]string{
		"TLS_CERTIFICATE": certificate, "TLS_KEY": key,
		"STYTCH_WORKSPACE_KEY_ID": keyID, "STYTCH_WORKSPACE_KEY_SECRET": keySecret,
		"STREAMS_KEY": base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))),
	}
	for _, destination := range []harness.Destination{w.datadog, w.loki} {
		url, err := destination.Start("127.0.0.1:" + harness.Port(t))
		require.NoError(t, err)
		t.Cleanup(func() { destination.Close() })
		maps.Copy(w.env, destination.Env(url))
	}
	w.overlay = filepath.Join(directory, "overlay.yaml")
	require.NoError(t, os.WriteFile(w.overlay, []byte(toStandins), 0o600))
	return w
}

// gateway is one collector that takes events and has managed streams.
type gateway struct {
	*internet
	process    *harness.Process
	options    harness.Options
	sender     harness.Sender
	management string // URL
}

// gateway starts a collector on the example, with more configurations laid over it.
func (w *internet) gateway(more ...string) *gateway {
	w.Helper()
	g := &gateway{internet: w}
	configs := []string{harness.Path("examples/managed/collector.yaml")}
	for _, name := range more {
		configs = append(configs, harness.Path(name))
	}
	g.sender, g.options, _ = harness.Surround(w, nil, w.TempDir(), append(configs, w.overlay)...)
	maps.Copy(g.options.Env, w.env)
	address := "127.0.0.1:" + harness.Port(w)
	g.options.Env["MANAGEMENT"], g.options.Env["STREAMS_DIRECTORY"] = address, w.TempDir()
	g.management = "https://" + address
	return g
}

// start starts it, again after a Stop.
func (g *gateway) start() *gateway {
	g.Helper()
	g.process = harness.Start(g, g.options)
	return g
}

func (g *gateway) client() stytchclient.Options {
	return stytchclient.Options{
		BaseURL: g.management, KeyID: keyID, Secret: keySecret, TLS: g.clients, Destination: stytchclient.Datadog,
		Environment: stytchclient.Environment{Project: "acme", Environment: "production"},
	}
}

// streaming makes a call to /streaming/v1, and decodes its answer into what.
func (g *gateway) streaming(method, path, body string, what any) (status int) {
	g.Helper()
	r, err := http.NewRequestWithContext(g.Context(), method, g.management+"/streaming/v1"+path, strings.NewReader(body))
	require.NoError(g, err)
	r.SetBasicAuth(keyID, keySecret)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: g.clients.Clone(), DisableKeepAlives: true}}
	resp, err := client.Do(r)
	require.NoError(g, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(g, err)
	require.NoError(g, json.Unmarshal(text, what), "%d: %s", resp.StatusCode, text)
	return resp.StatusCode
}

// stream is what a test reads of a stream.
type stream struct {
	ProjectID string `json:"project_id"`
	Type      string `json:"destination_type"`
	Status    string `json:"streaming_status"`
	Delivery  struct {
		Health                       string
		Received, Delivered, Waiting int
		Dropped                      map[string]int
		LastError                    *struct {
			Code int
			Text string
		} `json:"last_error"`
	}
}

func (g *gateway) streams() []stream {
	g.Helper()
	var a struct{ Streams []stream }
	require.Equal(g, http.StatusOK, g.streaming(http.MethodGet, "/streams", "", &a))
	return a.Streams
}

// push pushes events of the project and returns their ids.
func (g *gateway) push(n int) map[string]bool {
	g.Helper()
	ids := map[string]bool{}
	var events []testdata.Event
	for _, event := range testdata.Mixed(4*n, time.Now()) {
		var fields struct {
			ID        string `json:"event_id"`
			ProjectID string `json:"project_id"`
		}
		require.NoError(g, json.Unmarshal([]byte(event.JSON), &fields))
		if fields.ProjectID == project && len(events) < n {
			events = append(events, event)
			ids[fields.ID] = true
		}
	}
	require.Len(g, ids, n, "distinct events of the project")
	reply, err := g.sender.LokiPush(g.Context(), events)
	require.NoError(g, err)
	require.Equal(g, http.StatusNoContent, reply.Status, reply.Body)
	return ids
}

// atDatadog counts how often each event has arrived there.
func (w *internet) atDatadog() map[string]int {
	arrived := map[string]int{}
	for _, log := range w.datadog.Logs() {
		arrived[log.Text("event_id")]++
	}
	return arrived
}

func (w *internet) eventually(holds func(c *assert.CollectT)) {
	w.Helper()
	require.EventuallyWithT(w, holds, patience, 20*time.Millisecond)
}

// arrive waits until each of the events is at Datadog, and requires that it is there once.
func (w *internet) arrive(ids map[string]bool) {
	w.Helper()
	w.eventually(func(c *assert.CollectT) {
		arrived := w.atDatadog()
		for id := range ids {
			require.Equal(c, 1, arrived[id], id)
		}
	})
}
