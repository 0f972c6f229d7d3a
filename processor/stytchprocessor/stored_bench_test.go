//go:build unix

package stytchprocessor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

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
