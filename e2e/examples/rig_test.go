//go:build e2e

package examples

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// patience bounds every wait for a condition. It is met in a fraction of that, or the test fails.
const patience = 60 * time.Second

// rig is a collector that takes events, and destinations whose arrivals go into the ledger.
type rig struct {
	*testing.T
	ledger    *harness.Ledger
	sender    harness.Sender
	options   harness.Options
	collector *harness.Process
	metrics   string // URL of the collector's own metrics
}

// newRig prepares a collector with configurations of examples/, the last with the most say; start
// runs it.
func newRig(t *testing.T, destinations []harness.Destination, configs ...string) *rig {
	t.Helper()
	for i, config := range configs {
		configs[i] = harness.Path("examples/" + config)
	}
	r := &rig{T: t, ledger: harness.NewLedger(destinations...)}
	r.sender, r.options, r.metrics = harness.Surround(t, destinations, t.TempDir(), configs...)
	for _, overlaid := range []string{"LOKI_HOSTNAME", "LOKI_USERNAME", "LOKI_PASSWORD"} { // by an endpoint
		r.options.Env[overlaid] = ""
	}
	return r
}

// overlay merges YAML over the configurations so far.
func (r *rig) overlay(yaml string) *rig {
	r.Helper()
	r.options.Configs = append(r.options.Configs, file(r.T, yaml))
	return r
}

// start runs the collector, again after a Stop or a Kill.
func (r *rig) start() {
	r.Helper()
	r.collector = harness.Start(r.T, r.options)
}

// load begins to push events, a request at a time from each of four workers.
func (r *rig) load(rate int) *harness.Load {
	load := &harness.Load{Sender: r.sender, Ledger: r.ledger, Workers: 4, Batch: 20, Rate: rate}
	r.Cleanup(load.Stop)
	return load.Start()
}

// acknowledged waits until n further events are acknowledged.
func (r *rig) acknowledged(n int) {
	r.Helper()
	n += r.ledger.Acknowledged()
	r.until("acknowledgements", func() bool { return r.ledger.Acknowledged() >= n })
}

func (r *rig) until(what string, condition func() bool) {
	r.Helper()
	require.Eventually(r, condition, patience, 20*time.Millisecond, what)
}

// everythingArrives waits until each acknowledged event has arrived, and requires that each is as it
// was sent.
func (r *rig) everythingArrives(at harness.Destination) harness.Account {
	r.Helper()
	assert.Eventually(r, func() bool { return r.ledger.Missing(at) == 0 },
		patience, 50*time.Millisecond, "every acknowledged event arrives")
	account := r.ledger.Account(at)
	r.Logf("%s: %s", at, account)
	require.Empty(r, account.Lost, "acknowledged and lost")
	require.Empty(r, account.Changed)
	require.NotZero(r, account.Acknowledged)
	return account
}

// file writes text to a file of its own.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "overlay.yaml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// toStandins points both exporters at the stand-ins, with their waits scaled down.
const toStandins = `
exporters:
  datadog_logs:
    endpoint: "${env:DATADOG_URL}"
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}
  loki:
    hostname: ""
    username: ""
    password: ""
    endpoint: "${env:LOKI_URL}"
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}
`

// withoutReceiver has a collector told ready by its health check, where it has no receiver for Stytch.
func (r *rig) withoutReceiver() { r.options.Receiver = "127.0.0.1:" + r.options.Env["HEALTH_PORT"] }

// flows waits until further events arrive at a destination.
func (r *rig) flows(at harness.Destination) {
	r.Helper()
	arrived := r.ledger.ArrivedAt(at)
	r.until("arrivals", func() bool { return r.ledger.ArrivedAt(at) > arrived+500 })
}

// collect keeps what arrives, instead of the ledger.
func collect(at harness.Destination) (got func() []string) {
	var mu sync.Mutex
	var events []string
	at.TellEvents(func(event string) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, event)
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(events)
	}
}
