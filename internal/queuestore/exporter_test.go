package queuestore

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// addsItem: the operations add an item, anew or again.
func addsItem(ops []*storage.Operation) bool {
	return slices.ContainsFunc(ops, func(op *storage.Operation) bool {
		_, isItem := itemNumber(op.Key)
		return isItem && op.Type == storage.Set
	})
}

func gets(ops []*storage.Operation) (n int) {
	for _, op := range ops {
		if op.Type == storage.Get {
			n++
		}
	}
	return n
}

// A full storage refuses to take the items a second time. They are delivered
// nevertheless, by the same process, and whenever it is killed by the next.
func TestRefusedMoves(t *testing.T) {
	refusals := map[string]func(n int) bool{
		"all":          func(int) bool { return true },
		"every second": func(n int) bool { return n%2 == 0 },
		"the first":    func(n int) bool { return n == 1 },
	}
	for name, refuses := range refusals {
		for shapeName, shape := range shapes {
			t.Run(name+"/"+shapeName, func(t *testing.T) {
				m := killedWhileSending(t, shape.options, shape.offered, shape.dispatched)
				for at := 1; ; at++ {
					f, remove := m.fork(t)
					o, n := shape.options, 0
					o.killAt = at
					o.refuse = func(ops []*storage.Operation) bool {
						if !addsItem(ops) {
							return false
						}
						n++
						return refuses(n)
					}
					killed := f.start(t, o).finish(t)
					if killed {
						o.refuse = nil
						f.requireDelivered(t, o)
					} else {
						require.Equal(t, shape.dispatched, n)
						require.Empty(t, f.lost())
						require.Equal(t, []string{indexKey}, f.keys(t))
					}
					remove()
					if !killed {
						return
					}
				}
			})
		}
	}
}

// The queue deletes what it could not get, be it at start or when its turn
// comes. The item must be there for the next process.
func TestItemsThatCouldNotBeRead(t *testing.T) {
	shape := shapes["one request at a time"]
	for name, refuse := range map[string]func(ops []*storage.Operation) bool{
		"at start":               func(ops []*storage.Operation) bool { return gets(ops) == len(ops) && len(ops) > 1 },
		"after its refused move": func(ops []*storage.Operation) bool { return addsItem(ops) || gets(ops) == 2 },
	} {
		t.Run(name, func(t *testing.T) {
			m := killedWhileSending(t, shape.options, shape.offered, shape.dispatched)
			o := shape.options
			o.refuse = refuse
			for at := 1; ; at++ {
				f, remove := m.fork(t)
				o.killAt = at
				p := f.start(t, o)
				_ = p.exporter.ConsumeLogs(context.Background(), event("one more"))
				var killed bool
				require.Eventually(t, func() bool {
					_, killed = p.tap.state()
					return killed || p.tap.dispatched() == shape.dispatched && len(f.lost()) == shape.dispatched
				}, 10*time.Second, time.Millisecond)
				p.stop(t)
				f.requireDelivered(t, shape.options)
				remove()
				if !killed {
					return
				}
			}
		})
	}
}

// Storage that an exporterhelper before the one index value left behind.
func TestOldFormat(t *testing.T) {
	shape := shapes["one request at a time"]
	m := killedWhileSending(t, shape.options, shape.offered, shape.dispatched)
	m.open(t, func(c storage.Client) {
		value, err := c.Get(context.Background(), indexKey)
		require.NoError(t, err)
		found, err := parseIndex(value)
		require.NoError(t, err)
		require.Len(t, found.dispatched, shape.dispatched)
		var list []byte
		for _, number := range found.dispatched {
			list = binary.LittleEndian.AppendUint64(list, number)
			// Without the envelope, as the items were then, too.
			item, err := c.Get(context.Background(), itemKey(number))
			require.NoError(t, err)
			bare, err := logsOf(item)
			require.NoError(t, err)
			require.NoError(t, c.Set(context.Background(), itemKey(number), bare))
		}
		require.NoError(t, c.Batch(context.Background(),
			storage.DeleteOperation(indexKey),
			storage.SetOperation("ri", binary.LittleEndian.AppendUint64(nil, found.read)),
			storage.SetOperation("wi", binary.LittleEndian.AppendUint64(nil, found.write)),
			storage.SetOperation("di", append(binary.LittleEndian.AppendUint32(nil, uint32(len(found.dispatched))), list...))))
	})
	killAtEach(t, m, shape.options, func(m *machine, _ bool) {
		m.start(t, shape.options).finish(t)
		require.Empty(t, m.lost())
		require.False(t, slices.ContainsFunc(m.keys(t), func(key string) bool {
			_, isItem := itemNumber(key)
			return isItem
		}))
	})
}

// A long life of kills and shutdowns in the midst of sending leaves nothing behind.
func TestManyRestarts(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			for i := range 30 {
				o := shape.options
				switch i % 3 {
				case 0: // killed while sending
					o.block = true
					p := m.start(t, o)
					p.offer(t, 3)
					<-p.waiting
					p.kill(t)
				case 1: // shut down while the destination is down
					o.fail = errRefused
					p := m.start(t, o)
					p.offer(t, 3)
					p.stop(t)
				case 2: // killed somewhere
					o.killAt = 5 + i
					p := m.start(t, o)
					p.finish(t)
				}
			}
			m.requireDelivered(t, shape.options)
		})
	}
}

// Once the past is dealt with, nothing of it is looked after any more.
func TestSettles(t *testing.T) {
	m := killedWhileSending(t, options{consumers: 5}, 8, 5)
	var guard *client
	p := m.start(t, options{block: true, tune: func(c *client) { guard = c }})
	settled := func() bool {
		guard.mu.Lock()
		defer guard.mu.Unlock()
		return guard.restart.done
	}
	require.False(t, settled())
	p.release()
	p.finish(t)
	require.True(t, settled())
	require.Empty(t, guard.restart.undeleted)
	require.Empty(t, guard.restart.aliases)
	require.Empty(t, m.lost())
}

func TestConcurrentUse(t *testing.T) {
	m := killedWhileSending(t, options{consumers: 5}, 8, 5)
	n := 0
	p := m.start(t, options{consumers: 4, refuse: func(ops []*storage.Operation) bool { // one alias, too
		n++
		return addsItem(ops) && n < 5
	}})
	const senders, each = 8, 50
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				if err := p.exporter.ConsumeLogs(context.Background(), event(string(rune('a'+s))+string(rune('A'+i)))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for s := range senders {
		for i := range each {
			m.acked = append(m.acked, string(rune('a'+s))+string(rune('A'+i)))
		}
	}
	p.finish(t)
	require.Empty(t, m.lost())
	require.Equal(t, []string{indexKey}, m.keys(t))
}
