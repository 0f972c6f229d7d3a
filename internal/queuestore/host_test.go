package queuestore

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"
)

type reportingHost struct {
	host
	events []*componentstatus.Event
}

func (h *reportingHost) Report(event *componentstatus.Event) { h.events = append(h.events, event) }

func TestHost(t *testing.T) {
	m := newMachine(t)
	other := component.MustNewID("other")
	reporter := &reportingHost{host: host{storageID: m.storage(t), other: m.storage(t)}}
	plain := reporter.host
	event := componentstatus.NewRecoverableErrorEvent(errRefused)
	for name, h := range map[string]component.Host{"reporter": reporter, "plain": plain} {
		t.Run(name, func(t *testing.T) {
			cfg := exporterhelper.NewDefaultQueueConfig()
			cfg.StorageID = &storageID
			queue := configoptional.Some(cfg)
			set := exportertest.NewNopSettings(typ)
			exp, err := exporterhelper.NewLogs(context.Background(), set, struct{}{},
				func(context.Context, plog.Logs) error { return nil },
				exporterhelper.WithQueue(queue),
				exporterhelper.WithStart(func(_ context.Context, got component.Host) error {
					require.Same(t, plain[other], got.GetExtensions()[other], "another extension, though it stores, too")
					require.NotSame(t, plain[storageID], got.GetExtensions()[storageID])
					require.Len(t, got.GetExtensions(), 2)
					componentstatus.ReportStatus(got, event)
					return nil
				}))
			require.NoError(t, err)
			exp = Wrap(component.NewID(typ), component.NewID(typ), exp, queue, logsOf, Damage{Logger: zap.NewNop(), Counter: noop.Int64Counter{}}, alone{})
			require.NoError(t, exp.Start(context.Background(), h))
			require.NoError(t, exp.Shutdown(context.Background()))
		})
	}
	require.Equal(t, []*componentstatus.Event{event}, reporter.events)
}

func TestStorageThatIsNone(t *testing.T) {
	cfg := exporterhelper.NewDefaultQueueConfig()
	cfg.StorageID = &storageID
	queue := configoptional.Some(cfg)
	directory := t.TempDir()
	open, err := fileStorage(t, directory).GetClient(t.Context(), component.KindExporter, component.NewID(typ), "logs")
	require.NoError(t, err)
	defer open.Close(context.Background())
	soon := func(cfg *filestorage.Config) { cfg.Timeout = time.Millisecond }
	for want, h := range map[string]component.Host{
		"file_storage is not among service::extensions":    host(nil),
		"file_storage is an extension that stores nothing": hostWith(struct{ component.Component }{}),
		"file_storage: another process has the queue's file open, " + filepath.Join(directory, "exporter_test__logs") +
			": stop it, or give each collector a directory of its own": hostWith(fileStorage(t, directory, soon)),
		"file_storage: open " + filepath.Join(directory, "none", "exporter_test__logs") +
			": no such file or directory": hostWith(fileStorage(t, filepath.Join(directory, "none"))),
	} {
		set := exportertest.NewNopSettings(typ)
		set.ID = component.NewID(typ)
		exp, err := exporterhelper.NewLogs(context.Background(), set, struct{}{},
			func(context.Context, plog.Logs) error { return nil }, exporterhelper.WithQueue(queue))
		require.NoError(t, err)
		exp = Wrap(set.ID, set.ID, exp, queue, logsOf, Damage{Logger: zap.NewNop(), Counter: noop.Int64Counter{}}, alone{})
		require.EqualError(t, exp.Start(context.Background(), h), "exporters::test::sending_queue::storage: "+want)
		require.NoError(t, exp.Shutdown(context.Background()))
	}
}

func TestWithoutStorageNothingChanges(t *testing.T) {
	inMemory := configoptional.Some(exporterhelper.NewDefaultQueueConfig())
	off := configoptional.None[exporterhelper.QueueBatchConfig]()
	for _, queue := range []configoptional.Optional[exporterhelper.QueueBatchConfig]{inMemory, off} {
		var got component.Host
		next, err := exporterhelper.NewLogs(context.Background(), exportertest.NewNopSettings(typ), struct{}{},
			func(context.Context, plog.Logs) error { return nil },
			exporterhelper.WithStart(func(_ context.Context, h component.Host) error { got = h; return nil }))
		require.NoError(t, err)
		exp := Wrap(component.NewID(typ), component.NewID(typ), next, queue, logsOf, Damage{Logger: zap.NewNop(), Counter: noop.Int64Counter{}}, alone{})
		require.Same(t, next, exp.(*guardedLogs).Logs)
		h := host{}
		require.NoError(t, exp.Start(context.Background(), h))
		require.Equal(t, component.Host(h), got)
		require.NoError(t, exp.Shutdown(context.Background()))
	}
}
