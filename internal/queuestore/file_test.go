package queuestore

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// fileStorage is the real extension.
func fileStorage(t testing.TB, directory string, tune ...func(*filestorage.Config)) storage.Extension {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = directory
	for _, f := range tune {
		f(cfg)
	}
	ext, err := factory.Create(context.Background(), extension.Settings{
		ID: storageID, TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}, cfg)
	require.NoError(t, err)
	return ext.(storage.Extension)
}

func compacting(cfg *filestorage.Config) { cfg.Compaction.OnRebound = true }

// When this fails, file_storage keeps its configuration elsewhere: no file is
// checked any more, and no forgotten one is found.
func TestPlaceOf(t *testing.T) {
	directory := t.TempDir()
	require.Equal(t, place{directory: directory}, placeOf(fileStorage(t, directory)))
	require.Equal(t, place{directory: directory, compacts: true}, placeOf(fileStorage(t, directory, compacting)))
	t.Chdir(directory)
	require.Equal(t, place{directory: directory}, placeOf(fileStorage(t, ".")))

	require.Zero(t, placeOf(nil))
	require.Zero(t, placeOf(&tap{Extension: fileStorage(t, directory)}), "another storage")
	require.Zero(t, placeOf(struct {
		component.Component
		cfg struct{ Directory string }
	}{}))
}

// When this fails, file_storage calls its files something else.
func TestFileName(t *testing.T) {
	for _, id := range []component.ID{
		component.MustNewID("loki"),
		component.MustNewIDWithName("datadog_logs", "eu"),
		component.MustNewIDWithName("loki", "a/b~c_é.-Z"),
	} {
		directory := t.TempDir()
		c, err := fileStorage(t, directory).GetClient(t.Context(), component.KindExporter, id, "logs")
		require.NoError(t, err)
		require.NoError(t, c.Close(t.Context()))
		entries, err := os.ReadDir(directory)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, entries[0].Name(), fileName(id, "logs"))
		h := collectorHost{}
		require.Equal(t, id.String(), writerOf(h, entries[0].Name()))
	}
}

// openQueue returns a settled client on a real file, and what it logs at Error.
func openQueue(t *testing.T, ext storage.Extension) (*client, *observer.ObservedLogs) {
	core, logs := observer.New(zap.ErrorLevel)
	s := &guardedStorage{Extension: ext, key: "the key", stored: component.NewID(typ), open: func(_ context.Context, next storage.Client, f file) (*client, error) {
		c := newClient(next, Damage{Logger: zap.New(core), Counter: noop.Int64Counter{}}, logsOf)
		c.restart.done, c.file, c.neighbor = true, f, alone{}
		return c, nil
	}}
	got, err := s.GetClient(t.Context(), component.KindExporter, component.NewID(typ), "logs")
	require.NoError(t, err)
	return got.(*client), logs
}

func put(c *client, number uint64) error {
	return c.Batch(context.Background(), setIndex(0, number+1), storage.SetOperation(itemKey(number), []byte("item")))
}

// A queue whose file has gone takes nothing more, delivers what it has, and goes
// on when the file is back.
func TestDeletedFile(t *testing.T) {
	for name, tt := range map[string]struct {
		tune   []func(*filestorage.Config)
		damage func(t *testing.T, directory string) (undo func())
		want   string // error; empty: none
	}{
		"directory moved": {nil, moved, "the queue's file is gone: no event is taken until it is back or the collector is started again, " +
			"and what it contains is delivered only while this process runs: stat "},
		"directory moved, compaction": {[]func(*filestorage.Config){compacting}, moved, "the queue's file is gone"},
		"file replaced":               {nil, replaced, "the queue's file was replaced by another: "},
		"file replaced, compaction":   {[]func(*filestorage.Config){compacting}, replaced, ""},
	} {
		t.Run(name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "queues")
			require.NoError(t, os.Mkdir(directory, 0o700))
			c, logs := openQueue(t, fileStorage(t, directory, tt.tune...))
			c.file.every = 0
			require.NoError(t, put(c, 0))
			undo := tt.damage(t, directory)
			err := put(c, 1)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.want)
				require.ErrorContains(t, err, filepath.Join(directory, "exporter_test__logs"))
			}
			c.deferral.recent.forget()
			read := storage.GetOperation("0")
			require.NoError(t, c.Batch(t.Context(), setIndex(1, 1, 0), read))
			require.Equal(t, []byte("item"), read.Value)
			require.NoError(t, c.Batch(t.Context(), setIndex(1, 1), storage.DeleteOperation("0")))
			undo()
			require.NoError(t, put(c, 1))
			require.NoError(t, c.Close(t.Context()))
			require.Zero(t, logs.Len())
		})
	}
}

// When this fails, file_storage itself notices.
func TestStorageWritesToADeletedFile(t *testing.T) {
	directory := t.TempDir()
	c, err := fileStorage(t, directory, func(cfg *filestorage.Config) { cfg.FSync = true }).
		GetClient(t.Context(), component.KindExporter, component.NewID(typ), "logs")
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(directory))
	require.NoError(t, c.Set(t.Context(), "0", []byte("item")))
	require.NoError(t, c.Close(t.Context()))
	require.NoDirExists(t, directory)
}

func moved(t *testing.T, directory string) (undo func()) {
	require.NoError(t, os.Rename(directory, directory+".away"))
	return func() { require.NoError(t, os.Rename(directory+".away", directory)) }
}

func replaced(t *testing.T, directory string) (undo func()) {
	path := filepath.Join(directory, "exporter_test__logs")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Rename(path, path+".away"))
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return func() { require.NoError(t, os.Rename(path+".away", path)) }
}

// A put does not look for the file each time, and what it has found is so for a while.
func TestFileIsLookedForNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := file{path: filepath.Join(t.TempDir(), "none"), every: checkEvery, last: time.Now()}
		require.NoError(t, f.check())
		time.Sleep(checkEvery - 1)
		require.NoError(t, f.check())
		time.Sleep(time.Nanosecond)
		require.ErrorIs(t, f.check(), os.ErrNotExist)
		require.NoError(t, os.WriteFile(f.path, nil, 0o600))
		info, err := os.Stat(f.path)
		require.NoError(t, err)
		f.opened = info
		require.ErrorIs(t, f.check(), os.ErrNotExist)
		time.Sleep(checkEvery)
		require.NoError(t, f.check())
	})
}

// What a deleted file still contains at the end is told, and only then.
func TestEndWithADeletedFile(t *testing.T) {
	for waiting, finish := range map[int]bool{0: true, 1: false} {
		directory := t.TempDir()
		c, logs := openQueue(t, fileStorage(t, directory))
		require.NoError(t, put(c, 0))
		if finish {
			require.NoError(t, c.Batch(t.Context(), setIndex(1, 1, 0), storage.GetOperation("0")))
			require.NoError(t, c.Batch(t.Context(), setIndex(1, 1), storage.DeleteOperation("0")))
		}
		require.NoError(t, os.RemoveAll(directory))
		require.NoError(t, c.Close(t.Context()))
		require.NoError(t, c.Close(t.Context()))
		require.Equal(t, waiting, logs.Len())
		for _, entry := range logs.All() {
			require.Equal(t, "The sending queue's file was deleted, and what it had not delivered is lost", entry.Message)
			require.Equal(t, int64(1), entry.ContextMap()["requests"])
			require.Contains(t, entry.ContextMap()["error"], filepath.Join(directory, "exporter_test__logs"))
		}
	}
}

// What shares the queue's storage stores nothing in a deleted file, either.
func TestNeighborOfADeletedFile(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "queues")
	require.NoError(t, os.Mkdir(directory, 0o700))
	client, err := fileStorage(t, directory).GetClient(t.Context(), component.KindExporter, component.NewID(typ), "logs")
	require.NoError(t, err)
	defer client.Close(t.Context())
	shared := &checked{client, openedFile(placeOf(fileStorage(t, directory)), "exporter_test__logs")}
	set := storage.SetOperation("quarantine/0", []byte("event"))
	require.NoError(t, shared.Batch(t.Context(), set))
	moved(t, directory)
	require.ErrorContains(t, shared.Batch(t.Context(), set), "the queue's file is gone")
	get := storage.GetOperation("quarantine/0")
	require.NoError(t, shared.Batch(t.Context(), get))
	require.Equal(t, "event", string(get.Value))
}
