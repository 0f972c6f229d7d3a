package stytchprocessor

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

// What went through before a restart is a duplicate after it, for the rest of its window.
func TestStoredWindowOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStored(t, storageHost(t, t.TempDir()), nil)
		s.push("a", "b", "", "msg_1")
		time.Sleep(4 * time.Minute)
		s.push("c")
		s.requirePassed("a", "b", "", "msg_1", "c")
		for range 3 {
			s.restart()
			s.requireRemembered(4)
			s.push("a", "b", "c", "", "msg_1")
			s.requirePassed("")
		}
		time.Sleep(6*time.Minute + 2*time.Second)
		s.restart()
		s.requireRemembered(1)
		s.push("a", "b", "c", "msg_1")
		s.requirePassed("a", "b", "msg_1")
		time.Sleep(10*time.Minute + 2*time.Second)
		s.requireRemembered(0)
		s.push("c")
		s.requirePassed("c")
		s.restart()
		s.push("c", "a")
		s.requirePassed("a")
		s.requireUnsaved(0)
	})
}

// An event that the next consumer refused, or one that nobody answered for, is not stored.
func TestRefusedEventsAreNotStored(t *testing.T) {
	s := newStored(t, storageHost(t, t.TempDir()), nil)
	require.NoError(t, s.processor.Shutdown(t.Context()))
	s.start(consumertest.NewErr(errors.New("full")))
	require.Error(t, s.processor.ConsumeLogs(t.Context(), logs("a", "b")))
	s.restart()
	s.push("a")
	s.requirePassed("a")
}

// While an event is not stored, its request is not acknowledged, and a repeat waits.
func TestAcknowledgedMeansStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowStorage{release: make(chan struct{})}
		s := newStored(t, host{storageID: slow}, nil)
		slow.hold = true
		var answered sync.WaitGroup
		acknowledged := 0
		push := func(ids ...string) {
			answered.Go(func() {
				err := s.processor.ConsumeLogs(t.Context(), logs(ids...))
				slow.mu.Lock()
				defer slow.mu.Unlock()
				if err == nil {
					acknowledged++
				}
			})
			synctest.Wait()
		}
		push("a")
		push("a")
		for i := range 20 {
			push(strconv.Itoa(i), "x"+strconv.Itoa(i))
		}
		require.Zero(t, acknowledged)
		require.Len(t, s.sink.AllLogs(), 21, "the repeat waits")
		slow.release <- struct{}{}
		synctest.Wait()
		require.Equal(t, 2, acknowledged, "the event and its repeat")
		slow.release <- struct{}{}
		answered.Wait()
		require.Equal(t, 22, acknowledged)
		require.Equal(t, []int{1, 40}, slow.written, "what came meanwhile is one entry")
	})
}

// A storage that fails costs no event, and is told once.
func TestAStorageThatFails(t *testing.T) {
	slow := &slowStorage{}
	s := newStored(t, host{storageID: slow}, nil)
	s.push("a")
	slow.err = errors.New("no space left on device")
	s.push("b")
	s.push("c", "d")
	s.push("a", "b", "c", "d")
	s.requirePassed("a", "b", "c", "d")
	s.requireUnsaved(3)
	require.Equal(t, []string{
		"error: deduplicate::storage cannot store that events went through: after a restart, a repeat of one goes through; further ones are only counted error=no space left on device",
		"info: Dropped an event that went through before; further duplicates are only counted",
	}, s.lines())
	slow.err = nil
	s.push("e")
	s.restart()
	s.push("a", "b", "c", "d", "e")
	s.requirePassed("e", "b", "c", "d")
}

// What is stored is bounded: by max_events and by the window, and an eighth above it.
func TestStoredWindowIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, each := range []int{1, 7, 300} {
			s := newStored(t, storageHost(t, t.TempDir()), func(cfg *DeduplicateConfig) { cfg.MaxEvents = 1000 })
			number := 0
			push := func(requests int) {
				for range requests {
					var batch []string
					for range each {
						batch = append(batch, strconv.Itoa(number))
						number++
					}
					s.push(batch...)
				}
			}
			requireStored := func(atLeast, atMost int) {
				c, values := s.stopped()
				keys, entries := 0, 0
				for name, value := range values {
					if name != headName {
						_, k, err := decodeEntry(value)
						require.NoError(t, err)
						keys, entries = keys+len(k), entries+1
					}
				}
				require.GreaterOrEqual(t, keys, atLeast)
				require.LessOrEqual(t, keys, atMost)
				s.again(c)
			}
			push(4000/each + 2)
			requireStored(1000, 1000+1000/8+2*each)
			s.requireRemembered(1000)
			s.sink.Reset()
			s.push(strconv.Itoa(number-1000), strconv.Itoa(number-1))
			require.Empty(t, s.sink.AllLogs(), "the last are remembered")
			time.Sleep(time.Hour)
			push(3)
			requireStored(3*each, 1000/8+4*each)
			s.requireRemembered(int64(3 * each))
		}
	})
}

// Metrics may be read while what is stored is loaded: the collector serves them before its processors
// start. For the race detector.
func TestMetricsAreReadDuringTheStart(t *testing.T) {
	s := newStored(t, storageHost(t, t.TempDir()), nil)
	for i := range 20 {
		var batch []string
		for j := range 1000 {
			batch = append(batch, strconv.Itoa(1000*i+j))
		}
		s.push(batch...)
	}
	require.NoError(t, s.processor.Shutdown(t.Context()))
	ctx, started := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	reading.Go(func() {
		for ctx.Err() == nil {
			_, _ = s.telemetry.GetMetric("otelcol_processor_stytch_remembered_events") // there is none before it is made
		}
	})
	s.start(s.sink)
	started()
	reading.Wait()
	s.requireRemembered(20_000)
}

// Two processors in one storage do not know of each other.
func TestProcessorsShareAStorage(t *testing.T) {
	h := storageHost(t, t.TempDir())
	create := func(id string) (consumer.Logs, *consumertest.LogsSink) {
		sink := new(consumertest.LogsSink)
		cfg := createDefaultConfig().(*Config)
		cfg.Deduplicate.GetOrInsertDefault().StorageID = &storageID
		set := processortest.NewNopSettings(metadata.Type)
		set.ID = component.NewIDWithName(metadata.Type, id)
		p, err := createLogs(t.Context(), set, cfg, sink)
		require.NoError(t, err)
		require.NoError(t, p.Start(t.Context(), h))
		t.Cleanup(func() { require.NoError(t, p.Shutdown(context.Background())) })
		return p, sink
	}
	for _, id := range []string{"datadog", "loki"} {
		p, sink := create(id)
		require.NoError(t, p.ConsumeLogs(t.Context(), logs("a")))
		require.Equal(t, 1, sink.LogRecordCount(), id)
	}
}
