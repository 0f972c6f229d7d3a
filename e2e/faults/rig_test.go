//go:build e2e

package faults

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// The gateway example, pointed at the stand-ins and with its waits scaled down: an outage of
// seconds meets as many attempts as one of minutes does.
const (
	gateway = "examples/gateway/collector.yaml"
	scaled  = `
exporters:
  datadog_logs:
    endpoint: "${env:DATADOG_URL}"
    timeout: 2s
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}
  loki:
    hostname: ""
    username: ""
    password: ""
    endpoint: "${env:LOKI_URL}"
    timeout: 2s
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}
`
)

// inMemory takes the storage away from both queues.
const inMemory = `
exporters:
  datadog_logs: {sending_queue: {storage: null}}
  loki: {sending_queue: {storage: null}}
`

// patience bounds every wait for a condition. It is met in a fraction of that, or the test fails.
const patience = 60 * time.Second

// rig is a collector between a load and both stand-ins, whose arrivals go into the ledger.
type rig struct {
	*testing.T
	loki      *standin.Loki
	datadog   *standin.Datadog
	all       []harness.Destination // both
	ledger    *harness.Ledger
	sender    harness.Sender
	options   harness.Options
	collector *harness.Process
	metrics   string // URL of the collector's own metrics
	directory string // of the queues
	starts    int
}

// newRig starts everything. Each overlay is YAML that is merged over the gateway example.
func newRig(t *testing.T, overlays ...string) *rig {
	t.Helper()
	r := prepared(t, overlays...)
	r.start()
	return r
}

// prepared is a rig whose collector does not run yet.
func prepared(t *testing.T, overlays ...string) *rig {
	t.Helper()
	r := &rig{
		T: t, directory: t.TempDir(),
		loki: standin.NewLoki(), datadog: standin.NewDatadog("0123456789abcdef0123456789abcdef"),
	}
	r.loki.Forget, r.datadog.Forget = true, true
	r.all = []harness.Destination{r.loki, r.datadog}
	r.ledger = harness.NewLedger(r.all...)
	r.sender, r.options, r.metrics = harness.Surround(t, r.all, r.directory, harness.Path(gateway))
	for _, overlaid := range []string{"LOKI_HOSTNAME", "LOKI_USERNAME", "LOKI_PASSWORD"} { // by an endpoint
		r.options.Env[overlaid] = ""
	}
	for _, overlay := range append([]string{scaled}, overlays...) {
		r.options = overlaid(t, r.options, overlay)
	}
	return r
}

// start runs the collector, again after a Stop or a Kill.
func (r *rig) start() {
	r.Helper()
	r.starts++
	r.collector = harness.Start(r.T, r.options)
}

// load begins to push events, a request at a time from each of six workers.
func (r *rig) load(rate int) *harness.Load {
	load := &harness.Load{Sender: r.sender, Ledger: r.ledger, Workers: 6, Batch: 20, Rate: rate}
	r.Cleanup(load.Stop)
	return load.Start()
}

// push sends n events and returns when they are acknowledged.
func (r *rig) push(n int) {
	r.Helper()
	load := &harness.Load{Sender: r.sender, Ledger: r.ledger, Batch: 20, Total: n}
	load.Start().Wait()
	require.Empty(r, load.Wrong())
}

// both sets a fault of both destinations.
func (r *rig) both(fault standin.Fault) {
	r.loki.SetFault(fault)
	r.datadog.SetFault(fault)
}

// until waits for a condition.
func (r *rig) until(what string, condition func() bool) {
	r.Helper()
	require.Eventually(r, condition, patience, 20*time.Millisecond, what)
}

// everythingArrives waits until each acknowledged event has arrived at the destinations, stops the
// collector, so that what would come twice has come, and returns the accounts.
func (r *rig) everythingArrives() map[harness.Destination]harness.Account {
	r.Helper()
	assert.Eventually(r, func() bool { return r.ledger.MissingAnywhere() == 0 },
		patience, 50*time.Millisecond, "every acknowledged event arrives")
	r.collector.Stop()
	accounts := map[harness.Destination]harness.Account{}
	for _, at := range r.all {
		accounts[at] = r.account(at)
	}
	return accounts
}

// account requires what always holds: nothing acknowledged is lost, nothing arrives changed, and
// since the window of `deduplicate` is empty after a start, while one process lives no retry of the
// sender's gets through twice.
func (r *rig) account(at harness.Destination) harness.Account {
	r.Helper()
	account := r.ledger.Account(at)
	r.Logf("%s: %s", at, account)
	require.Empty(r, account.Lost, "acknowledged and lost at %s", at)
	require.Empty(r, account.Changed)
	if r.starts == 1 {
		require.Zero(r, account.SenderRepeats, "repeats at %s after the sender's retry", at)
	}
	return account
}

// status answers every request with a status.
func status(code int) standin.Fault {
	return func(*http.Request, int) *standin.Answer { return &standin.Answer{Status: code} }
}
