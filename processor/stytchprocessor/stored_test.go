package stytchprocessor

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
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
