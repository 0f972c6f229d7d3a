package queuestore

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// full refuses what a full disk refuses: to write the index beside a read. The
// finish of an item, which frees room, goes through.
func full(ops []*storage.Operation) bool {
	return isRead(ops) && slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == storage.Set })
}

// A full storage costs no event: neither one of this process nor one of an
// earlier one.
func TestReadsFromAFullStorage(t *testing.T) {
	for name, consumers := range map[string]int{"one at a time": 1, "four at a time": 4} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			p := m.start(t, options{consumers: consumers, refuse: full})
			p.offer(t, 8)
			p.finish(t)
			require.Empty(t, m.lost())
			require.Equal(t, []string{indexKey}, m.keys(t))

			m = killedWhileSending(t, options{consumers: 5}, 8, 5)
			m.start(t, options{consumers: consumers, refuse: full}).finish(t)
			require.Empty(t, m.lost())
			require.Equal(t, []string{indexKey}, m.keys(t))
		})
	}
}

// When this fails, exporterhelper reads from a full storage itself.
func TestFullStorageLosesWithoutGuard(t *testing.T) {
	m := newMachine(t)
	p := m.start(t, options{unguarded: true, refuse: full})
	p.offer(t, 8)
	p.finish(t)
	require.Len(t, m.lost(), 8)
}

// A kill while the storage is full repeats events, and loses none.
func TestKillWhileTheStorageIsFull(t *testing.T) {
	m := killedWhileSending(t, options{consumers: 5}, 8, 5)
	killAtEach(t, m, options{consumers: 2, refuse: full}, func(m *machine, _ bool) {
		m.requireDelivered(t, options{consumers: 2})
	})
}
