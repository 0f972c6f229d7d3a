package queuestore

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// settledClient guards a storage in which no earlier process has left anything.
// Nothing but what the test does makes it flush.
func settledClient(next storage.Client) *client {
	c := newClient(next, Damage{Logger: zap.NewNop(), Counter: noop.Int64Counter{}}, logsOf)
	c.restart.done, c.neighbor = true, alone{}
	c.deferral.delay = time.Hour
	return c
}

// recorder is a storage that keeps a list of the Batches that it was asked for,
// and refuses some.
type recorder struct {
	storage.Client
	refuse  func(ops []*storage.Operation) bool
	batches atomic.Pointer[[]string]
}

func (r *recorder) Batch(ctx context.Context, ops ...*storage.Operation) error {
	var words []string
	for _, op := range ops {
		words = append(words, [...]string{"get", "set", "delete"}[op.Type], op.Key)
	}
	err := errRefused
	if r.refuse == nil || !r.refuse(ops) {
		err = r.Client.Batch(ctx, ops...)
	} else {
		words = append(words, "refused")
	}
	lines := append(r.since(0), strings.Join(words, " "))
	r.batches.Store(&lines)
	return err
}

// since returns the Batches from number n.
func (r *recorder) since(n int) []string {
	if lines := r.batches.Load(); lines != nil {
		return slices.Clone((*lines)[n:])
	}
	return nil
}

// onDisk calls use with a settled client over a storage that records, and closes both.
func onDisk(t *testing.T, use func(c *client, r *recorder)) *machine {
	m := newMachine(t)
	m.open(t, func(next storage.Client) {
		r := &recorder{Client: next}
		c := settledClient(r)
		use(c, r)
		require.NoError(t, c.Close(context.Background()))
	})
	return m
}

func stored(t *testing.T, r *recorder, key string) []byte {
	value, err := r.Get(context.Background(), key) // as the storage's own, it is not recorded
	require.NoError(t, err)
	return value
}

func TestOneTransactionForEachRequest(t *testing.T) {
	const n = 50
	m := onDisk(t, func(c *client, r *recorder) {
		for number := range uint64(n) {
			require.NoError(t, cycle(c, number, []byte("item")))
		}
		require.Len(t, r.since(0), n)
		require.Equal(t, "set qmv0 set 0", r.since(0)[0])
		require.Equal(t, "delete 0 set qmv0 set 1", r.since(0)[1])
		require.Equal(t, "delete 48 set qmv0 set 49", r.since(0)[49])
		require.NotNil(t, stored(t, r, "49"), "its Delete waits")

		require.NoError(t, c.Close(context.Background()))
		require.Equal(t, []string{"delete 49 set qmv0"}, r.since(n), "a clean end leaves nothing to wait")
		require.NoError(t, c.Close(context.Background()))
		require.Len(t, r.since(n), 1)
	})
	require.Equal(t, []string{indexKey}, m.keys(t))
	m.open(t, func(c storage.Client) {
		value, err := c.Get(context.Background(), indexKey)
		require.NoError(t, err)
		require.Equal(t, setIndex(n, n).Value, value)
	})
}

// When this fails, exporterhelper makes fewer transactions itself.
func TestTransactionsWithoutGuard(t *testing.T) {
	const n = 50
	m := newMachine(t)
	p := m.start(t, options{unguarded: true})
	atStart := p.tap.count()
	p.offer(t, n)
	p.finish(t)
	require.Equal(t, 3*n, p.tap.count()-atStart)
	require.Empty(t, m.lost())
}

// An index that a put has overtaken is not stored any more: it would not name the item.
func TestOvertakenIndex(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		require.NoError(t, cycle(c, 0, []byte("item")))
		require.NoError(t, c.Batch(context.Background(), setIndex(1, 2), storage.SetOperation("1", []byte("item"))))
		require.NoError(t, c.Close(context.Background()))
		require.Equal(t, []string{"set qmv0 set 0", "delete 0 set qmv0 set 1"}, r.since(0))
	})
}

func TestTimerFlushes(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		var refusing atomic.Bool
		r.refuse = func([]*storage.Operation) bool { return refusing.Load() }
		c.deferral.delay = time.Millisecond
		require.NoError(t, cycle(c, 0, []byte("item")))
		require.Eventually(t, func() bool { return len(r.since(0)) == 2 }, 10*time.Second, time.Millisecond)
		require.Equal(t, "delete 0 set qmv0", r.since(0)[1])
		time.Sleep(10 * c.deferral.delay)
		require.Len(t, r.since(0), 2, "nothing waits, nothing is flushed")

		require.NoError(t, c.Batch(context.Background(), setIndex(1, 2), storage.SetOperation("1", []byte("item"))))
		require.NoError(t, c.Batch(context.Background(), setIndex(2, 2, 1), storage.GetOperation("1")))
		time.Sleep(10 * c.deferral.delay)
		require.Len(t, r.since(0), 3, "a read can wait: a kill takes it back")

		refusing.Store(true)
		require.NoError(t, c.Batch(context.Background(), setIndex(2, 2), storage.DeleteOperation("1")))
		require.Eventually(t, func() bool { return len(r.since(0)) > 8 }, 10*time.Second, time.Millisecond)
		refusing.Store(false)
		require.Eventually(t, func() bool { return stored(t, r, "1") == nil }, 10*time.Second, time.Millisecond)
		require.Eventually(t, func() bool { return bytes.Equal(setIndex(2, 2).Value, stored(t, r, indexKey)) }, 10*time.Second, time.Millisecond)
	})
}

// Many small requests are finished at once, when their batch is delivered.
func TestManyFinishesFlush(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		const n = 2*maxDeferred + 3
		putAndRead(t, c, n)
		for number := range uint64(n) {
			require.NoError(t, c.Batch(context.Background(), setIndex(n, n), storage.DeleteOperation(itemKey(number))))
			require.Less(t, len(c.deferral.deletes), maxDeferred)
		}
		require.Len(t, r.since(n), 2)
		require.Len(t, c.deferral.deletes, 3)
	})
}

func putAndRead(t *testing.T, c *client, n uint64) {
	for number := range n {
		require.NoError(t, c.Batch(context.Background(), setIndex(0, number+1), storage.SetOperation(itemKey(number), []byte("item"))))
	}
	for number := range n {
		require.NoError(t, c.Batch(context.Background(), setIndex(number+1, n), storage.GetOperation(itemKey(number))))
	}
}

// What the queue may ask for beside the three shapes comes after what waits.
func TestOtherShapes(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		require.NoError(t, cycle(c, 0, []byte("item")))
		require.NoError(t, c.Batch(context.Background(), setIndex(1, 2), storage.SetOperation("1", []byte("item"))))
		require.NoError(t, c.Batch(context.Background(), setIndex(2, 2, 1), storage.GetOperation("1")))
		require.NoError(t, c.Delete(context.Background(), "1"))
		require.NoError(t, c.Set(context.Background(), indexKey, setIndex(2, 2).Value))
		value, err := c.Get(context.Background(), indexKey)
		require.NoError(t, err)
		require.Equal(t, setIndex(2, 2).Value, value)
		require.Equal(t, []string{"set qmv0 delete 1", "set qmv0", "get qmv0"}, r.since(2))
	})
}

// The Deletes that wait make room for a put.
func TestPutMakesRoom(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		require.NoError(t, cycle(c, 0, []byte("item")))
		r.refuse = func(ops []*storage.Operation) bool { return addsItem(ops) && stored(t, r, "0") != nil }
		require.NoError(t, cycle(c, 1, []byte("item")))
		require.Equal(t, []string{
			"delete 0 set qmv0 set 1 refused", "delete 0 set qmv0", "set qmv0 set 1",
		}, r.since(1))
	})
}

// A storage that takes nothing for a while makes the queue refuse. What waited waits on.
func TestFullStorage(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		core, logs := observer.New(zap.WarnLevel)
		c.deferral.logger = zap.New(core)
		require.NoError(t, c.Batch(context.Background(), setIndex(0, 1), storage.SetOperation("0", []byte("item 0"))))
		require.NoError(t, c.Batch(context.Background(), setIndex(0, 2), storage.SetOperation("1", []byte("item 1"))))
		require.NoError(t, c.Batch(context.Background(), setIndex(1, 2, 0), storage.GetOperation("0")))
		require.NoError(t, c.Batch(context.Background(), setIndex(1, 2), storage.DeleteOperation("0")))
		c.deferral.recent.forget()

		r.refuse = func(ops []*storage.Operation) bool { return gets(ops) != len(ops) }
		for range 3 {
			require.ErrorIs(t, c.Batch(context.Background(), setIndex(1, 3), storage.SetOperation("2", []byte("item 2"))), errRefused)
		}
		read := storage.GetOperation("1")
		require.NoError(t, c.Batch(context.Background(), setIndex(2, 3, 1), read))
		require.Equal(t, []byte("item 1"), read.Value)
		require.NoError(t, c.Batch(context.Background(), setIndex(2, 3), storage.DeleteOperation("1")))
		c.deferral.timer.Reset(0)
		require.Eventually(t, func() bool { return logs.Len() == 1 }, 10*time.Second, time.Millisecond, "the first refusal is told")
		require.NotNil(t, stored(t, r, "0"))
		require.Equal(t, setIndex(0, 2).Value, stored(t, r, indexKey), "the index is as old as the items")

		r.refuse = nil
		n := len(r.since(0))
		require.NoError(t, c.Batch(context.Background(), setIndex(2, 4), storage.SetOperation("3", []byte("item 3"))))
		require.Len(t, r.since(n), 1)
		require.Regexp(t, "^delete . delete . set qmv0 set 3$", r.since(n)[0])
		gap := storage.GetOperation("2")
		require.NoError(t, c.Batch(context.Background(), setIndex(3, 4, 2), gap))
		require.Nil(t, gap.Value, "what was refused is not answered for from memory")
		require.Equal(t, 1, logs.Len())
	})
}

// A full storage may have no room for all Deletes at once, nor for each.
func TestFlushInParts(t *testing.T) {
	const n = 100
	for name, refuse := range map[string]func(ops []*storage.Operation) bool{
		"one by one": func(ops []*storage.Operation) bool { return len(ops) > 1 },
		"three":      func(ops []*storage.Operation) bool { return len(ops) > 3 },
		"not the first": func(ops []*storage.Operation) bool {
			return slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Key == "0" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := onDisk(t, func(c *client, r *recorder) {
				putAndRead(t, c, n)
				for number := range uint64(n) {
					require.NoError(t, c.Batch(context.Background(), setIndex(n, n), storage.DeleteOperation(itemKey(number))))
				}
				r.refuse = refuse
				for range 20 {
					before := len(r.since(0))
					_ = c.deferral.flush(context.Background())
					refused := slices.DeleteFunc(r.since(before), func(line string) bool { return !strings.HasSuffix(line, "refused") })
					require.LessOrEqual(t, len(refused), maxRefusals+1)
				}
				for number := range uint64(n) {
					require.Equal(t, name == "not the first" && number == 0, stored(t, r, itemKey(number)) != nil)
				}
				r.refuse = nil
			})
			require.Equal(t, []string{indexKey}, m.keys(t))
		})
	}
}

func TestCloseTellsWhatIsRefused(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		core, logs := observer.New(zap.WarnLevel)
		c.deferral.logger = zap.New(core)
		require.NoError(t, cycle(c, 0, []byte("item")))
		r.refuse = func([]*storage.Operation) bool { return true }
		require.NoError(t, c.Close(context.Background()))
		require.Equal(t, 1, logs.Len())
		require.Equal(t, int64(1), logs.All()[0].ContextMap()["requests"])
	})
}

func TestRecentIsBounded(t *testing.T) {
	onDisk(t, func(c *client, r *recorder) {
		const n = maxRecent>>20 + 4
		value := func(number uint64) []byte { return bytes.Repeat([]byte{byte(number)}, 1<<20) }
		for number := range uint64(n) {
			require.NoError(t, c.Batch(context.Background(), setIndex(0, number+1), storage.SetOperation(itemKey(number), value(number))))
		}
		require.Len(t, c.deferral.recent.items, maxRecent>>20)
		require.Zero(t, c.deferral.recent.room)
		for number := range uint64(n) {
			read := storage.GetOperation(itemKey(number))
			require.NoError(t, c.Batch(context.Background(), setIndex(number+1, n), read))
			require.True(t, bytes.Equal(value(number), read.Value), number)
		}
		require.Equal(t, []string{"set qmv0 get 8", "set qmv0 get 9", "set qmv0 get 10", "set qmv0 get 11"}, r.since(n))
		require.Equal(t, maxRecent, c.deferral.recent.room)
	})
}
