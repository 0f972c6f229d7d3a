package groupcommit

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
)

// gauge is a storage that counts the transactions in which something is put,
// and can make them wait.
type gauge struct {
	storage.Extension
	puts atomic.Int64
	slow sync.Mutex // while it is locked, puts wait
}

func (g *gauge) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	next, err := g.Extension.GetClient(ctx, kind, id, name)
	return &gaugeClient{Client: next, gauge: g}, err
}

func (g *gauge) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("file_storage"): g}
}

type gaugeClient struct {
	storage.Client
	*gauge
}

func (c *gaugeClient) Batch(ctx context.Context, ops ...*storage.Operation) error {
	if slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == storage.Set && op.Key[0] <= '9' }) {
		c.puts.Add(1)
		c.slow.Lock()
		defer c.slow.Unlock()
	}
	return c.Client.Batch(ctx, ops...)
}

// Requests that come while the disk is at work cost one transaction. When the
// count without groups fails, exporterhelper puts them together by itself, and
// this package can go.
func TestTransactions(t *testing.T) {
	for grouped, want := range map[bool]int64{false: 1 + 8, true: 1 + 1} {
		factory := filestorage.NewFactory()
		cfg := factory.CreateDefaultConfig().(*filestorage.Config)
		cfg.Directory = t.TempDir()
		ext, err := factory.Create(t.Context(), extension.Settings{
			ID: component.MustNewID("file_storage"), TelemetrySettings: componenttest.NewNopTelemetrySettings(),
		}, cfg)
		require.NoError(t, err)
		g := &gauge{Extension: ext.(storage.Extension)}

		queue := exporterhelper.NewDefaultQueueConfig()
		id := component.MustNewID("file_storage")
		queue.StorageID = &id
		var arrived atomic.Int64
		set := exportertest.NewNopSettings(typ)
		exp, err := exporterhelper.NewLogs(t.Context(), set, struct{}{}, func(_ context.Context, ld plog.Logs) error {
			arrived.Add(int64(ld.LogRecordCount()))
			return nil
		}, exporterhelper.WithQueue(configoptional.Some(queue)))
		require.NoError(t, err)
		if grouped {
			exp = Wrap(set, exp, configoptional.Some(queue))
		}
		require.NoError(t, exp.Start(t.Context(), g))

		g.slow.Lock()
		var senders sync.WaitGroup
		offer := func() { senders.Go(func() { assert.NoError(t, exp.ConsumeLogs(t.Context(), readOnly("x", 1))) }) }
		offer()
		require.Eventually(t, func() bool { return g.puts.Load() == 1 }, 10*time.Second, time.Millisecond)
		for range 8 {
			offer()
		}
		if all, ok := exp.(*groups); ok {
			require.Eventually(t, func() bool {
				all.mu.Lock()
				defer all.mu.Unlock()
				return len(all.waiting) == 8
			}, 10*time.Second, time.Millisecond)
		}
		g.slow.Unlock()
		senders.Wait()
		require.Equal(t, want, g.puts.Load(), "grouped: %t", grouped)
		require.Eventually(t, func() bool { return arrived.Load() == 9 }, 10*time.Second, time.Millisecond)
		require.NoError(t, exp.Shutdown(context.Background()))
	}
}
