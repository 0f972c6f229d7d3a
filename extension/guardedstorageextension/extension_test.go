package guardedstorageextension

import (
	"context"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/request"

	"github.com/otelcol-stytch/otelcol-stytch/extension/guardedstorageextension/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/queuestore"
)

var (
	files    = component.MustNewID("file_storage")
	exporter = component.MustNewIDWithName("awss3", "archive")
)

func TestConfig(t *testing.T) {
	cfg := NewFactory().CreateDefaultConfig()
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	require.ErrorContains(t, cfg.(*Config).Validate(), "storage: must name a storage extension")
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"storage": "file_storage"}).Unmarshal(cfg))
	require.NoError(t, cfg.(*Config).Validate())
	require.Equal(t, &Config{Storage: files}, cfg)
}

func TestItIsNotItsOwnStorage(t *testing.T) {
	set := extensiontest.NewNopSettings(metadata.Type)
	_, err := NewFactory().Create(t.Context(), set, &Config{Storage: set.ID})
	require.ErrorContains(t, err, "::storage: names the extension itself")
}

// host has extensions.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func newGuard(t *testing.T) *guard {
	t.Helper()
	made, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), &Config{Storage: files})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, made.Shutdown(context.Background())) })
	return made.(*guard)
}

func started(t *testing.T) *guard {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = t.TempDir()
	store, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, store.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, store.Shutdown(context.Background())) })
	g := newGuard(t)
	require.NoError(t, g.Start(t.Context(), host{files: store}))
	require.Equal(t, []component.ID{files}, g.Dependencies())
	return g
}

func TestStartNamesTheStorage(t *testing.T) {
	g := newGuard(t)
	_, err := g.GetClient(t.Context(), component.KindExporter, exporter, "logs")
	require.ErrorContains(t, err, "has not started")
	require.ErrorContains(t, g.Start(t.Context(), host{}), "::storage: file_storage is not among service::extensions")
	require.ErrorContains(t, g.Start(t.Context(), host{files: newNothing(t)}), "stores nothing")
}

func newNothing(t *testing.T) component.Component {
	t.Helper()
	made, err := extensiontest.NewNopFactory().Create(t.Context(), extensiontest.NewNopSettings(extensiontest.NopType), nil)
	require.NoError(t, err)
	return made
}

// The client of a queue of logs leaves an item that the queue dispatched where it is until its copy is
// stored; every other client is the storage's own.
func TestOnlyQueuesOfLogsAreGuarded(t *testing.T) {
	g := started(t)
	item := encoded(t, t.Context(), "event")
	const index = "qmv0"
	dispatched := []byte{ // read_index 1, write_index 1, dispatched 0
		3<<3 | 1, 1, 0, 0, 0, 0, 0, 0, 0,
		4<<3 | 1, 1, 0, 0, 0, 0, 0, 0, 0,
		5<<3 | 2, 8, 0, 0, 0, 0, 0, 0, 0, 0,
	}
	for _, c := range []struct {
		kind    component.Kind
		name    string
		guarded bool
	}{
		{component.KindExporter, "logs", true},
		{component.KindExporter, "metrics", false},
		{component.KindReceiver, "logs", false},
	} {
		open := func() storage.Client {
			opened, err := g.GetClient(t.Context(), c.kind, exporter, c.name)
			require.NoError(t, err)
			return opened
		}
		seed := open()
		require.NoError(t, seed.Batch(t.Context(), storage.SetOperation(index, dispatched), storage.SetOperation("0", item)))
		require.NoError(t, seed.Close(t.Context()))

		killed := open() // as exporterhelper's queue starts
		_, err := killed.Get(t.Context(), index)
		require.NoError(t, err)
		require.NoError(t, killed.Batch(t.Context(), storage.GetOperation("0")))
		require.NoError(t, killed.Batch(t.Context(), storage.DeleteOperation("0")))
		require.NoError(t, killed.Close(t.Context()))

		next := open()
		found, err := next.Get(t.Context(), "0")
		require.NoError(t, err)
		require.NoError(t, next.Close(t.Context()))
		if c.guarded {
			require.Equal(t, item, found)
		} else {
			require.Nil(t, found, "%v %s", c.kind, c.name)
		}
	}
}

// Each exporter has a queue of its own, in the file that the storage would give it without the guard.
func TestEachExporterHasItsOwnQueue(t *testing.T) {
	g := started(t)
	another := component.MustNewIDWithName("kafka", "archive")
	for _, id := range []component.ID{exporter, another} {
		c, err := g.GetClient(t.Context(), component.KindExporter, id, "logs")
		require.NoError(t, err)
		require.NoError(t, c.Set(t.Context(), "0", []byte(id.String())))
		defer func() { require.NoError(t, c.Close(context.Background())) }()
	}
	stored, err := queuestore.Stored(host{files: g}, files, exporter.Type())
	require.NoError(t, err)
	require.Equal(t, []component.ID{exporter}, stored, "the guard tells where its queues are")
	_, err = g.storage.GetClient(t.Context(), component.KindExporter, another, "logs")
	require.Error(t, err, "the file is open")
}

func encoded(t *testing.T, ctx context.Context, body string) []byte {
	t.Helper()
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(body)
	item, err := request.MarshalLogs(ctx, logs)
	require.NoError(t, err)
	return item
}

// The order of a request's metadata, which changes from one encoding to the next, is not part of it.
func TestFingerprint(t *testing.T) {
	ctx := client.NewContext(t.Context(), client.Info{Metadata: client.NewMetadata(map[string][]string{
		"a": {"1"}, "b": {"2"}, "c": {"3"}, "d": {"4"}, "e": {"5"},
	})})
	first, err := fingerprint(encoded(t, ctx, "event"))
	require.NoError(t, err)
	for range 20 {
		again, err := fingerprint(encoded(t, ctx, "event"))
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
	other, err := fingerprint(encoded(t, ctx, "another"))
	require.NoError(t, err)
	require.NotEqual(t, first, other)
	_, err = fingerprint([]byte("damaged"))
	require.Error(t, err)
}
