package queuestore

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// storedItems is items_size of the index that a process leaves which dies with 3 events in
// its queue, after the storage has refused 5 puts, and 4 before the last of the events.
func storedItems(t *testing.T, unguarded bool) (items int64) {
	var refusing atomic.Bool
	m := newMachine(t)
	p := m.start(t, options{unguarded: unguarded, block: true, refuse: func([]*storage.Operation) bool { return refusing.Load() }})
	refuse := func(times int) {
		refusing.Store(true)
		for range times {
			require.ErrorIs(t, p.exporter.ConsumeLogs(t.Context(), event("refused")), errRefused)
		}
		refusing.Store(false)
	}
	p.offer(t, 1)
	<-p.waiting // its read is over, and what follows is in order
	refuse(5)
	p.offer(t, 1)
	refuse(4)
	p.offer(t, 1)
	p.kill(t)
	m.open(t, func(c storage.Client) {
		value, err := c.Get(context.Background(), indexKey)
		require.NoError(t, err)
		items = sizesOf(value)[0]
	})
	// The sizes are those of the next process, too.
	p = m.start(t, options{unguarded: unguarded})
	p.finish(t)
	require.Empty(t, m.lost())
	m.open(t, func(c storage.Client) {
		value, err := c.Get(context.Background(), indexKey)
		require.NoError(t, err)
		require.Zero(t, sizesOf(value)[0], "it was empty")
	})
	return items
}

func TestSizesAfterRefusals(t *testing.T) {
	require.EqualValues(t, 3, storedItems(t, false))
}

// When this fails, exporterhelper takes back what it could not store.
func TestSizesWithoutGuard(t *testing.T) {
	require.EqualValues(t, 3+5+4, storedItems(t, true))
}
