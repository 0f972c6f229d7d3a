//go:build e2e

package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// undelivered is a rig whose collector was killed with 200 events in each queue, 20 an item.
func undelivered(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.both(status(http.StatusServiceUnavailable))
	r.push(200)
	r.collector.Kill()
	r.both(nil)
	return r
}

// TestDamagedItem promises: an item of the queue that cannot be read costs its own events and no
// others; it is logged at Error and counted.
func TestDamagedItem(t *testing.T) {
	r := undelivered(t)
	overwrite(t, r.directory, "3")
	r.start()
	r.until("arrival of the others", func() bool { return r.ledger.Missing(r.loki) == 20 && r.ledger.Missing(r.datadog) == 0 })
	require.Contains(t, r.collector.Output(), "A stored item of the sending queue cannot be read")
	require.Equal(t, 1, r.counter(`otelcol_exporter_loki_queue_damage{kind="item"`))
	require.Zero(t, r.counter(`otelcol_exporter_datadog_logs_queue_damage`))
	r.collector.Stop()
	require.Len(t, r.ledger.Account(r.loki).Lost, 20)
}

// TestDamagedIndex promises: where the queue's index cannot be read the queue starts empty. What it
// held is lost, logged at Error and counted; further events pass, and other queues are untouched.
func TestDamagedIndex(t *testing.T) {
	r := undelivered(t)
	overwrite(t, r.directory, "qmv0")
	r.start()
	r.push(100)
	r.until("arrival", func() bool { return r.ledger.Missing(r.loki) == 200 && r.ledger.Missing(r.datadog) == 0 })
	require.Contains(t, r.collector.Output(), "The stored index of the sending queue cannot be read")
	require.Equal(t, 1, r.counter(`otelcol_exporter_loki_queue_damage{kind="index"`))
	require.Zero(t, r.counter(`otelcol_exporter_datadog_logs_queue_damage`))
}

// TestDamagedFile promises: a file that is no queue any more stops the start, with the reason, and
// nothing is thrown away: the file stays for whoever can mend it, and mended it is delivered.
func TestDamagedFile(t *testing.T) {
	r := undelivered(t)
	file := filepath.Join(r.directory, "exporter_loki__logs")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	damaged := append(make([]byte, 16<<10), whole[16<<10:]...)
	require.NoError(t, os.WriteFile(file, damaged, 0o600))
	_, err = harness.Launch(t.Context(), r.options)
	require.ErrorContains(t, err, "it ended by itself")
	require.ErrorContains(t, err, "invalid database")
	left, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, damaged, left)

	require.NoError(t, os.WriteFile(file, whole, 0o600))
	r.start()
	r.everythingArrives()
}

// overwrite puts nonsense in the place of a value of the Loki exporter's queue.
func overwrite(t *testing.T, directory, key string) {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = directory
	settings := extension.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	opened, err := factory.Create(t.Context(), settings, cfg)
	require.NoError(t, err)
	client, err := opened.(storage.Extension).GetClient(t.Context(), component.KindExporter, component.MustNewID("loki"), "logs")
	require.NoError(t, err)
	stored, err := client.Get(t.Context(), key)
	require.NoError(t, err)
	require.NotEmpty(t, stored, "the queue has no %s", key)
	require.NoError(t, client.Set(t.Context(), key, []byte("\xffnonsense")))
	require.NoError(t, client.Close(t.Context()))
}
