package queuestore

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// A kill of a process that takes and delivers events at once loses none that it
// acknowledged, and repeats only those whose Delete had yet to be stored. A
// clean end repeats none.
func TestKillsWhileRunning(t *testing.T) {
	const offers = 12
	for name, o := range map[string]options{
		"one at a time":  {consumers: 1},
		"four at a time": {consumers: 4},
		"batches": {batch: &exporterhelper.BatchConfig{
			FlushTimeout: time.Millisecond, Sizer: exporterhelper.RequestSizerTypeItems, MinSize: 3, MaxSize: 3,
		}},
		"carried alone":          {consumers: 2, tune: func(c *client) { c.deferral.delay = time.Hour }},
		"read from the storage":  {consumers: 2, tune: func(c *client) { c.deferral.recent = newRecent(0) }},
		"from a failing storage": {consumers: 2, refuse: everyThirdWrite(), tune: func(c *client) { c.deferral.recent = newRecent(2 << 10) }},
	} {
		t.Run(name, func(t *testing.T) {
			repeated := 0
			for at, killed := 1, true; killed; at++ {
				m, remove := newMachine(t).fork(t)
				var guard *client
				tune := o.tune
				run := o
				run.killAt = at
				run.tune = func(c *client) {
					guard = c
					if tune != nil {
						tune(c)
					}
				}
				p := m.start(t, run)
				for id := range offers { // one that is refused has its number, too
					if p.exporter.ConsumeLogs(context.Background(), event(strconv.Itoa(id))) == nil {
						m.acked = append(m.acked, strconv.Itoa(id))
					}
				}
				require.Eventually(t, func() bool {
					_, killed = p.tap.state()
					return killed || len(m.lost()) == 0
				}, 10*time.Second, 50*time.Microsecond)
				p.stop(t)
				_, killed = p.tap.state()

				waiting := map[string]bool{}
				for _, op := range guard.deferral.deletes {
					waiting[op.Key] = true
				}
				if !killed && o.refuse == nil {
					require.Empty(t, waiting)
				}
				next := m.start(t, options{consumers: 2})
				// It writes an index, if items that are gone were all that there was.
				require.NoError(t, next.exporter.ConsumeLogs(context.Background(), event("one more")))
				next.finish(t)
				require.Empty(t, m.lost())
				require.Equal(t, []string{indexKey}, m.keys(t))
				for id, n := range m.arrived {
					if n > 1 {
						require.True(t, waiting[id], "event %s arrived %d times, kill %d", id, n, at)
						repeated++
					}
				}
				remove()
			}
			t.Logf("%s: %d events came twice", name, repeated)
		})
	}
}

func everyThirdWrite() func([]*storage.Operation) bool {
	n := 0
	return func(ops []*storage.Operation) bool {
		if gets(ops) == len(ops) {
			return false
		}
		n++
		return n%3 == 0
	}
}
