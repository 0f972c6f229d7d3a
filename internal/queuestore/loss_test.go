package queuestore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

var shapes = map[string]struct {
	options
	offered, dispatched int
}{
	"one request at a time": {options{consumers: 5}, 8, 5},
	"batches": {options{consumers: 2, batch: &exporterhelper.BatchConfig{
		FlushTimeout: time.Millisecond, Sizer: exporterhelper.RequestSizerTypeItems, MinSize: 2, MaxSize: 2,
	}}, 8, 6},
	"few": {options{consumers: 2}, 3, 2},
}

// killedWhileSending returns a machine whose process was killed while events
// were on their way to the destination, and others waited. The process was not
// guarded: it had stored that it had read what was on its way.
func killedWhileSending(t *testing.T, o options, offered, dispatched int) *machine {
	m := newMachine(t)
	o.block, o.unguarded = true, true
	if o.batch != nil {
		whole := *o.batch
		whole.FlushTimeout = time.Hour // no half batch, however slowly the offers come
		o.batch = &whole
	}
	p := m.start(t, o)
	p.offer(t, offered)
	require.Eventually(t, func() bool { return p.tap.dispatched() == dispatched }, 10*time.Second, time.Millisecond)
	p.kill(t)
	require.Len(t, m.lost(), offered)
	return m
}

// killAtEach kills a fork of m at each storage operation of its next process, in
// turn, and hands it to then; the last one is the one that lived.
func killAtEach(t *testing.T, m *machine, o options, then func(m *machine, killed bool)) {
	for at := 1; ; at++ {
		f, remove := m.fork(t)
		o.killAt = at
		killed := f.start(t, o).finish(t)
		then(f, killed)
		remove()
		if !killed {
			return
		}
	}
}

// Without the guard, a kill in the middle of the restart loses what was on its
// way. When this fails, exporterhelper has been repaired and restart.go can go.
func TestLossWithoutGuard(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			m := killedWhileSending(t, shape.options, shape.offered, shape.dispatched)
			shape.unguarded = true
			kills, losing, worst := 0, 0, 0
			killAtEach(t, m, shape.options, func(m *machine, killed bool) {
				if !killed {
					return
				}
				kills++
				m.start(t, shape.options).finish(t)
				if lost := len(m.lost()); lost > 0 {
					losing++
					worst = max(worst, lost)
				}
			})
			t.Logf("%d of %d kills lost events, at worst %d of %d", losing, kills, worst, shape.offered)
			require.Equal(t, shape.dispatched, worst, "all that was dispatched is lost right after the deletes")
		})
	}
}

func TestNoLossAtAnyKill(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			m := killedWhileSending(t, shape.options, shape.offered, shape.dispatched)
			kills := 0
			killAtEach(t, m, shape.options, func(m *machine, _ bool) {
				kills++
				m.requireDelivered(t, shape.options)
			})
			t.Logf("%d kills, none lost an event", kills-1)
		})
	}
}

func TestNoLossAtKillsInARow(t *testing.T) {
	for name, inARow := range map[string]int{"one request at a time": 2, "batches": 2, "few": 3} {
		t.Run(name, func(t *testing.T) {
			shape := shapes[name]
			runs := 0
			var kill func(m *machine, left int)
			kill = func(m *machine, left int) {
				if left == 0 {
					runs++
					m.requireDelivered(t, shape.options)
					return
				}
				killAtEach(t, m, shape.options, func(m *machine, _ bool) { kill(m, left-1) })
			}
			kill(killedWhileSending(t, shape.options, shape.offered, shape.dispatched), inARow)
			t.Logf("%d series of %d kills, none lost an event", runs, inARow)
		})
	}
}

// requireDelivered: the next process delivers all there is and leaves nothing behind.
func (m *machine) requireDelivered(t *testing.T, o options) {
	o.killAt = 0
	m.start(t, o).finish(t)
	require.Empty(t, m.lost(), "lost events")
	require.Equal(t, []string{indexKey}, m.keys(t), "leftovers in the storage")
}
