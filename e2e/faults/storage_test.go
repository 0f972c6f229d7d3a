//go:build e2e

package faults

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestForgottenQueue promises: a queue whose exporter has another name now, or no storage any more,
// is named at the start, with its file and its exporter, and is delivered once that is undone.
func TestForgottenQueue(t *testing.T) {
	for name, overlay := range map[string]string{
		"renamed": `
exporters:
  loki/new: {endpoint: "${env:LOKI_URL}"}
service: {pipelines: {logs/loki: {exporters: [loki/new]}}}
`,
		"storage removed": `
exporters:
  loki: {sending_queue: {storage: null}}
`,
	} {
		t.Run(name, func(t *testing.T) {
			r := undelivered(t)
			before := r.options
			r.options = overlaid(t, before, overlay)
			r.start()
			r.until("arrival at Datadog", func() bool { return r.ledger.Missing(r.datadog) == 0 })
			r.collector.Stop()
			require.Equal(t, 1, strings.Count(r.collector.Output(), "No exporter of this collector reads this file of a sending queue"))
			require.Contains(t, r.collector.Output(),
				`"file": "`+filepath.Join(r.directory, "exporter_loki__logs")+`", "exporter": "loki", "storage": "file_storage"}`)
			require.Equal(t, 200, r.ledger.Missing(r.loki))

			r.options = before
			r.start()
			r.everythingArrives()
			require.NotContains(t, r.collector.Output(), "No exporter of this collector reads")
		})
	}
}

// TestDirectoryDeleted promises: a moment after the directory of the queues is deleted the sender
// gets 503 and nothing more is acknowledged; what the queues contain is delivered all the same.
func TestDirectoryDeleted(t *testing.T) {
	r := newRig(t)
	r.both(status(http.StatusServiceUnavailable))
	r.push(200)
	require.NoError(t, os.RemoveAll(r.directory))
	load := r.load(0)
	refused := func() int { return load.Statuses()[http.StatusServiceUnavailable] }
	r.until("the sender is refused", func() bool { return refused() > 2*load.Workers })
	acknowledged, before := r.ledger.Acknowledged(), refused()
	r.until("the sender is refused again", func() bool { return refused() > before+20 })
	require.Equal(t, acknowledged, r.ledger.Acknowledged())
	require.Less(t, acknowledged, 100_000)
	require.Contains(t, r.collector.Output(), "the queue's file is gone")
	require.Contains(t, r.collector.Output(), filepath.Join(r.directory, "exporter_loki__logs"))

	getsThrough(r, load, func() {
		r.both(nil)
		r.until("delivery from a deleted file", func() bool {
			return r.ledger.MissingAnywhere() == 0
		})
		r.collector.Stop()
		r.start()
	})
	load.Stop()
	r.everythingArrives()
}

// TestWrongStorage promises: a storage that cannot be the queue's stops the start, and the reason
// names the key.
func TestWrongStorage(t *testing.T) {
	r := newRig(t)
	second := r.options
	second.Env = maps.Clone(second.Env)
	second.Env["LISTEN"], second.Env["METRICS_PORT"], second.Env["HEALTH_PORT"] = "127.0.0.1:"+harness.Port(t), harness.Port(t), harness.Port(t)
	second.Receiver = second.Env["LISTEN"]
	for want, options := range map[string]harness.Options{
		"sending_queue::storage: file_storage: another process has the queue's file open, " + r.directory: second,
		"sending_queue::storage: file_storage is not among service::extensions":                           overlaid(t, second, "service: {extensions: [basicauth/stytch]}"),
		"sending_queue::storage: basicauth/stytch is an extension that stores nothing":                    overlaid(t, second, "exporters: {loki: {sending_queue: {storage: basicauth/stytch}}}"),
	} {
		_, err := harness.Launch(t.Context(), options)
		require.ErrorContains(t, err, "it ended by itself")
		require.ErrorContains(t, err, want)
		require.Regexp(t, `exporters::(loki|datadog_logs)::sending_queue::storage`, err.Error())
	}
	r.push(100)
	r.everythingArrives()
}

// overlaid is options with YAML merged over their configurations.
func overlaid(t *testing.T, options harness.Options, overlay string) harness.Options {
	t.Helper()
	file := filepath.Join(t.TempDir(), "overlay.yaml")
	require.NoError(t, os.WriteFile(file, []byte(overlay), 0o600))
	options.Configs = append(options.Configs[:len(options.Configs):len(options.Configs)], file)
	return options
}
