package stytchprocessor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadatatest"
)

// stored is a processor with a storage, which can be restarted.
type stored struct {
	*world
	configure func(*DeduplicateConfig)
}

func newStored(t *testing.T, host component.Host, configure func(*DeduplicateConfig)) *stored {
	t.Helper()
	s := &stored{&world{t: t, sink: new(consumertest.LogsSink), telemetry: componenttest.NewTelemetry(), host: host}, configure}
	t.Cleanup(func() { require.NoError(t, s.telemetry.Shutdown(context.Background())) })
	s.start(s.sink)
	return s
}

func (s *stored) start(next consumer.Logs) {
	s.t.Helper()
	s.processor = s.instance(next, func(cfg *Config) {
		d := cfg.Deduplicate.GetOrInsertDefault()
		d.StorageID = &storageID
		if s.configure != nil {
			s.configure(d)
		}
	})
}

// restart stops the processor and starts another one with the same storage.
func (s *stored) restart() {
	s.t.Helper()
	require.NoError(s.t, s.processor.Shutdown(s.t.Context()))
	s.start(s.sink)
}

func (s *stored) push(ids ...string) {
	s.t.Helper()
	require.NoError(s.t, s.processor.ConsumeLogs(s.t.Context(), logs(ids...)))
}

// requirePassed tells which events have gone through since the last time.
func (s *stored) requirePassed(want ...string) {
	s.t.Helper()
	require.Equal(s.t, append([]string{}, want...), ids(s.sink.AllLogs()...))
	s.sink.Reset()
}

// client opens what the processor stores, while it does not run.
func client(t testing.TB, host component.Host) storage.Client {
	t.Helper()
	c, err := host.GetExtensions()[storageID].(storage.Extension).GetClient(t.Context(), component.KindProcessor, component.NewID(metadata.Type), "deduplicate")
	require.NoError(t, err)
	return c
}

// stopped returns all that is stored. The processor does not run then.
func (s *stored) stopped() (c storage.Client, values map[string][]byte) {
	s.t.Helper()
	require.NoError(s.t, s.processor.Shutdown(s.t.Context()))
	c = client(s.t, s.host)
	values = map[string][]byte{}
	require.NoError(s.t, c.(storage.Walker).Walk(s.t.Context(), func(name string, value []byte) ([]*storage.Operation, error) {
		values[name] = append([]byte{}, value...)
		return nil, nil
	}))
	return c, values
}

func (s *stored) again(c storage.Client) {
	s.t.Helper()
	require.NoError(s.t, c.Close(s.t.Context()))
	s.start(s.sink)
}

func (s *stored) requireUnsaved(n int64) {
	s.t.Helper()
	metadatatest.AssertEqualProcessorStytchUnsavedEvents(s.t, s.telemetry, []metricdata.DataPoint[int64]{
		{Attributes: attribute.NewSet(ofProcessor), Value: n},
	}, metricdatatest.IgnoreTimestamp())
}

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
			push(fmt.Sprint(i), "x"+fmt.Sprint(i))
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

// slowStorage keeps its values in memory, and answers when the test says so.
type slowStorage struct {
	component.StartFunc
	component.ShutdownFunc
	hold    bool
	release chan struct{}
	err     error

	mu      sync.Mutex
	values  map[string][]byte
	written []int // keys of each entry
}

func (s *slowStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	if s.values == nil {
		s.values = map[string][]byte{}
	}
	return s, nil
}

func (s *slowStorage) Get(ctx context.Context, name string) ([]byte, error) {
	op := storage.GetOperation(name)
	err := s.Batch(ctx, op)
	return op.Value, err
}

func (s *slowStorage) Set(ctx context.Context, name string, value []byte) error {
	return s.Batch(ctx, storage.SetOperation(name, value))
}

func (s *slowStorage) Delete(ctx context.Context, name string) error {
	return s.Batch(ctx, storage.DeleteOperation(name))
}

func (s *slowStorage) Batch(_ context.Context, ops ...*storage.Operation) error {
	if s.hold {
		<-s.release
	}
	if s.err != nil {
		return s.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = s.values[op.Key]
		case storage.Set:
			s.values[op.Key] = append([]byte{}, op.Value...)
			if _, keys, err := decodeEntry(op.Value); err == nil && op.Key != headName {
				s.written = append(s.written, len(keys))
			}
		case storage.Delete:
			delete(s.values, op.Key)
		}
	}
	return nil
}

func (s *slowStorage) Close(context.Context) error { return nil }

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
						batch = append(batch, fmt.Sprint(number))
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
			s.push(fmt.Sprint(number-1000), fmt.Sprint(number-1))
			require.Empty(t, s.sink.AllLogs(), "the last are remembered")
			time.Sleep(time.Hour)
			push(3)
			requireStored(3*each, 1000/8+4*each)
			s.requireRemembered(int64(3 * each))
		}
	})
}

// A damaged entry costs its own keys, and is told.
func TestADamagedEntryIsSkipped(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"changed": func(b []byte) []byte { b[12] ^= 1; return b },
		"cut":     func(b []byte) []byte { return b[:len(b)-1] },
		"empty":   func([]byte) []byte { return []byte{} },
		"longer":  func(b []byte) []byte { return append(b, 0) },
		"another": func([]byte) []byte { return appendChecksum(make([]byte, 8)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStored(t, storageHost(t, t.TempDir()), nil)
			for _, id := range []string{"a", "b", "c", "d"} {
				s.push(id)
			}
			c, values := s.stopped()
			damaged := 0
			for entry, value := range values {
				if strings.HasSuffix(entry, "01") || strings.HasSuffix(entry, "02") {
					require.NoError(t, c.Set(t.Context(), entry, damage(value)))
					damaged++
				}
			}
			require.Equal(t, 2, damaged)
			s.again(c)
			require.Equal(t, []string{"error: Entries of what deduplication remembers are damaged: repeats of their events go through entries=2"}, s.lines())
			s.sink.Reset()
			s.push("a", "b", "c", "d")
			s.requirePassed("b", "c")
			s.restart()
			s.push("a", "b", "c", "d")
			s.requirePassed()
		})
	}
}

// With a damaged head nothing can be read: the window begins anew, and is told.
func TestADamagedHeadBeginsAnew(t *testing.T) {
	s := newStored(t, storageHost(t, t.TempDir()), nil)
	s.push("a", "b")
	c, values := s.stopped()
	values[headName][5] ^= 1
	require.NoError(t, c.Set(t.Context(), headName, values[headName]))
	s.again(c)
	require.Equal(t, []string{"error: The head of what deduplication remembers is damaged: it begins empty, and repeats of earlier events go through"}, s.lines())
	s.sink.Reset()
	s.push("a")
	s.restart()
	require.Empty(t, s.lines())
	s.push("a", "b")
	s.requirePassed("a", "b")
}

// What cannot be opened refuses the start and names the key.
func TestStorageRefusesTheStart(t *testing.T) {
	const key = `processors::stytch::deduplicate::storage: `
	start := func(h component.Host) error {
		cfg := createDefaultConfig().(*Config)
		cfg.Deduplicate.GetOrInsertDefault().StorageID = &storageID
		set := processortest.NewNopSettings(metadata.Type)
		set.ID = component.NewID(metadata.Type)
		p, err := createLogs(t.Context(), set, cfg, consumertest.NewNop())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, p.Shutdown(context.Background())) })
		return p.Start(t.Context(), h)
	}
	require.EqualError(t, start(host{}), key+`no extension "file_storage" is enabled: list it in service::extensions`)
	require.EqualError(t, start(host{storageID: nopComponent{}}), key+`the extension "file_storage" is no storage`)

	directory := t.TempDir()
	h := storageHost(t, directory)
	c := client(t, h)
	require.NoError(t, c.Set(t.Context(), headName, []byte{2, 1, 2, 3}))
	err := start(h)
	require.ErrorContains(t, err, key+`opening "file_storage": `)
	require.ErrorContains(t, err, `: where the processor "stytch" stands in several pipelines, give each a processor of its own`)
	require.NoError(t, c.Close(t.Context()))
	for range 2 { // the client was closed
		require.EqualError(t, start(h), key+`"file_storage": it holds version 2 of what deduplication remembers, and this collector reads version 1: `+
			`run the collector that wrote it, or give the processor another storage, which begins empty`)
	}
	broken := &slowStorage{err: errors.New("gone")}
	require.EqualError(t, start(host{storageID: broken}), key+`"file_storage": reading its head: gone`)
}

type nopComponent struct {
	component.StartFunc
	component.ShutdownFunc
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

// Encoded and decoded again, an entry and a head are the same; nothing else is taken.
func FuzzStoredFormat(f *testing.F) {
	h := head{secret: secret{1, 2, 3}, first: 7}
	f.Add(h.encode(), int64(1), uint64(2))
	f.Add(appendEntry(nil, 5, []key{{1, 2}, {3, 4}}), int64(-1), uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, at int64, n uint64) {
		if at2, keys, err := decodeEntry(b); err == nil {
			require.Equal(t, b, appendEntry(nil, at2, keys))
		}
		if h, err := decodeHead(b); err == nil {
			require.Equal(t, b, h.encode())
		}
		keys := []key{{n, ^n}, {uint64(at), 0}}
		at2, keys2, err := decodeEntry(appendEntry(nil, at, keys))
		require.NoError(t, err)
		require.Equal(t, at, at2)
		require.Equal(t, keys, keys2)
	})
}
