package queuestore

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"
)

// keeper keeps one value.
type keeper struct {
	client storage.Client
	found  []byte
	err    error
	closed error // of its last use of the storage
}

func (l *keeper) Open(ctx context.Context, client storage.Client) (err error) {
	l.client = client
	if l.found, err = client.Get(ctx, "neighbor/0"); err != nil {
		return err
	}
	return errors.Join(l.err, client.Set(ctx, "neighbor/0", []byte("kept")))
}

func (l *keeper) Close() { _, l.closed = l.client.Get(context.Background(), "neighbor/0") }

func TestANeighborSharesTheStorage(t *testing.T) {
	m := newMachine(t)
	start := func(l *keeper) (exporter.Logs, error) {
		h := host{storageID: m.storage(t)}
		cfg := exporterhelper.NewDefaultQueueConfig()
		cfg.StorageID = &storageID
		queue := configoptional.Some(cfg)
		set := exportertest.NewNopSettings(typ)
		set.ID = component.NewID(typ) // whose file it is
		exp, err := exporterhelper.NewLogs(context.Background(), set, struct{}{},
			func(context.Context, plog.Logs) error { return nil }, exporterhelper.WithQueue(queue))
		require.NoError(t, err)
		exp = Wrap(set.ID, set.ID, exp, queue, logsOf, Damage{Logger: zap.NewNop(), Counter: noop.Int64Counter{}}, l)
		return exp, exp.Start(context.Background(), h)
	}
	first, second := &keeper{}, &keeper{}
	for _, l := range []*keeper{first, second} {
		exp, err := start(l)
		require.NoError(t, err)
		require.NoError(t, exp.Shutdown(context.Background()))
		require.NoError(t, l.closed, "the storage is open until it is done")
	}
	require.Nil(t, first.found)
	require.Equal(t, "kept", string(second.found))

	_, err := start(&keeper{err: errRefused})
	require.ErrorIs(t, err, errRefused)
}
