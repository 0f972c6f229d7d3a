package queuestore

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"google.golang.org/protobuf/encoding/protowire"
)

// BenchmarkCycle puts, reads and finishes an item, on disk with fsync: what the
// queue asks for each request, of the storage itself and of the guard before it.
// cpu-µs/op is the process's time, in the kernel too.
func BenchmarkCycle(b *testing.B) {
	for _, size := range []int{1 << 10, 20 << 10} {
		for _, guarded := range []bool{false, true} {
			b.Run(fmt.Sprintf("bytes=%d/guarded=%t", size, guarded), func(b *testing.B) {
				m := newMachine(b)
				m.fsync = true
				m.open(b, func(next storage.Client) {
					c := next
					if guarded {
						c = settledClient(next)
					}
					before := cpuMicroseconds(b)
					b.ResetTimer()
					for n := range uint64(b.N) {
						require.NoError(b, cycle(c, n, make([]byte, size)))
					}
					b.StopTimer()
					b.ReportMetric(float64(cpuMicroseconds(b)-before)/float64(b.N), "cpu-µs/op")
					require.NoError(b, c.Close(context.Background()))
				})
			})
		}
	}
}

// cycle does with item n what the queue does with each request.
func cycle(c storage.Client, n uint64, value []byte) error {
	ctx := context.Background()
	if err := c.Batch(ctx, setIndex(n, n+1), storage.SetOperation(itemKey(n), value)); err != nil {
		return err
	}
	if err := c.Batch(ctx, setIndex(n+1, n+1, n), storage.GetOperation(itemKey(n))); err != nil {
		return err
	}
	return c.Batch(ctx, setIndex(n+1, n+1), storage.DeleteOperation(itemKey(n)))
}

// setIndex writes an index as the queue does.
func setIndex(read, write uint64, dispatched ...uint64) *storage.Operation {
	var value []byte
	value = protowire.AppendFixed64(protowire.AppendTag(value, readIndexField, protowire.Fixed64Type), read)
	value = protowire.AppendFixed64(protowire.AppendTag(value, writeIndexField, protowire.Fixed64Type), write)
	return storage.SetOperation(indexKey, addDispatched(value, dispatched))
}

func cpuMicroseconds(b *testing.B) int64 {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
}
