package stytchprocessor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

// perRequest is how many events one request of the benchmarks has.
const perRequest = 500

// BenchmarkConsume has new events go by at a full set, or the same request
// again and again. Making the request is not part of it.
func BenchmarkConsume(b *testing.B) {
	for _, c := range []struct {
		name      string
		configure func(*Config)
		again     bool
	}{
		{"off", func(*Config) {}, false},
		{"new", deduplicating, false},
		{"duplicates", deduplicating, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := createDefaultConfig().(*Config)
			c.configure(cfg)
			p, err := createLogs(b.Context(), processortest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, p.Shutdown(context.Background())) })
			round := 0
			consume := func() {
				b.StopTimer()
				if !c.again {
					round++
				}
				ld := bigRequest(round)
				b.StartTimer()
				require.NoError(b, p.ConsumeLogs(b.Context(), ld))
			}
			for range cfg.Deduplicate.GetOrInsertDefault().MaxEvents / perRequest { // a full set
				consume()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				consume()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/perRequest, "ns/event")
		})
	}
}

// BenchmarkSeenSet puts a key into a full set; bytes/event is what it occupies.
func BenchmarkSeenSet(b *testing.B) {
	const limit = 500_000
	before := heap()
	m := seenSet{limit: limit}
	put := func() { m.put(key{rand.Uint64(), rand.Uint64()}, 0) }
	for range limit {
		put()
	}
	bytes := float64(heap() - before)
	for b.Loop() {
		put()
	}
	b.ReportMetric(bytes/limit, "bytes/event")
	runtime.KeepAlive(&m)
}

// bigRequest has the attributes that events have.
func bigRequest(round int) plog.Logs { return requestOf(round, perRequest) }

func requestOf(round, n int) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.EnsureCapacity(n)
	for i := range n {
		attrs := records.AppendEmpty().Attributes()
		attrs.PutStr(stytch.AttrEventID, fmt.Sprintf("event-live-00000000-0000-4000-8000-%012d", round*n+i))
		attrs.PutStr(stytch.AttrAction, "AuthenticateSession")
		attrs.PutStr(stytch.AttrStatus, "Success")
		attrs.PutStr(stytch.AttrRequestID, "request-id-live-00000000-0000-4000-8000-000000000000")
		attrs.PutInt(stytch.AttrStatusCode, 200)
	}
	return ld
}

// BenchmarkStorage compares what new events cost in memory alone, and with a storage on
// disk: requests one after the other, and from eight senders at once, whose keys are stored
// together. cpu-ns/event is the time of all processors; that of making the requests is what
// "off" has.
func BenchmarkStorage(b *testing.B) {
	for _, n := range []int{100, 1000} {
		for _, senders := range []int{1, 8} {
			for _, where := range []string{"off", "memory", "storage"} {
				b.Run(fmt.Sprintf("events=%d/senders=%d/%s", n, senders, where), func(b *testing.B) {
					cfg := createDefaultConfig().(*Config)
					host, remembered := componenttest.NewNopHost(), 0
					if where != "off" {
						remembered = cfg.Deduplicate.GetOrInsertDefault().MaxEvents
					}
					if where == "storage" {
						host = storageHost(b, b.TempDir())
						cfg.Deduplicate.Get().StorageID = &storageID
					}
					set := processortest.NewNopSettings(metadata.Type)
					p, err := createLogs(b.Context(), set, cfg, consumertest.NewNop())
					require.NoError(b, err)
					require.NoError(b, p.Start(b.Context(), host))
					b.Cleanup(func() { require.NoError(b, p.Shutdown(context.Background())) })
					var round atomic.Int64
					consume := func() { require.NoError(b, p.ConsumeLogs(b.Context(), requestOf(int(round.Add(1)), n))) }
					for range remembered / n { // a full set
						consume()
					}
					b.ResetTimer()
					cpu := processorTime(b)
					var wait sync.WaitGroup
					var left atomic.Int64
					left.Store(int64(b.N))
					for range senders {
						wait.Go(func() {
							for left.Add(-1) >= 0 {
								consume()
							}
						})
					}
					wait.Wait()
					b.ReportMetric(float64(processorTime(b)-cpu)/float64(b.N)/float64(n), "cpu-ns/event")
				})
			}
		}
	}
}

// processorTime is the time that the process has spent on processors.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
