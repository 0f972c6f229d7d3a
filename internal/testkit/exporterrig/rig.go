package exporterrig

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Rig is an exporter with all that can be seen of it.
type Rig struct {
	exporter.Logs
	Host      *Host
	Telemetry *componenttest.Telemetry // its metrics
	Log       *Log

	t       testing.TB
	factory exporter.Factory
	stopped bool
}

// Config returns the factory's default configuration, changed to send to url, to try again after a
// millisecond and to have no queue, and then by each edit in turn. C is a pointer to it.
func Config[C component.Config](t testing.TB, factory exporter.Factory, url string, edits ...func(C)) C {
	t.Helper()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"endpoint":         url,
		"sending_queue":    map[string]any{"enabled": false},
		"retry_on_failure": map[string]any{"initial_interval": "1ms", "max_interval": "5ms"},
	}).Unmarshal(cfg))
	for _, edit := range edits {
		edit(cfg.(C))
	}
	return cfg.(C)
}

// New returns an exporter that is not started, of a configuration that must be valid. Its id has the
// name "test".
func New(t testing.TB, factory exporter.Factory, cfg component.Config) *Rig {
	t.Helper()
	require.NoError(t, confmap.Validate(cfg))
	r := &Rig{Host: &Host{}, Telemetry: componenttest.NewTelemetry(), Log: &Log{}, t: t, factory: factory}
	t.Cleanup(func() { require.NoError(t, r.Telemetry.Shutdown(context.Background())) })
	set := exportertest.NewNopSettings(factory.Type())
	set.ID = component.NewIDWithName(factory.Type(), "test")
	set.TelemetrySettings = r.Telemetry.NewTelemetrySettings()
	set.Logger = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(r.Log), zap.DebugLevel))
	e, err := factory.CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	r.Logs = e
	return r
}

// Start returns an exporter that runs for the length of the test, or until Stop.
func Start(t testing.TB, factory exporter.Factory, cfg component.Config) *Rig {
	t.Helper()
	r := New(t, factory, cfg)
	require.NoError(t, r.Start(t.Context(), r.Host))
	t.Cleanup(r.Stop)
	return r
}

// Stop shuts the exporter down, after its queue, if there is one, has been emptied. What is stopped
// stays so.
func (r *Rig) Stop() {
	r.t.Helper()
	if !r.stopped {
		r.stopped = true
		require.NoError(r.t, r.Shutdown(context.Background())) // a cleanup's t.Context() is done
	}
}

// Counts returns the points of one of the exporter's counters, such as dropped_events, by the value
// of an attribute. A counter without points is empty.
func (r *Rig) Counts(name, key string) map[string]int {
	r.t.Helper()
	counts := map[string]int{}
	metric, err := r.Telemetry.GetMetric("otelcol_exporter_" + r.factory.Type().String() + "_" + name)
	if err != nil {
		return counts // nothing was counted
	}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		value, _ := point.Attributes.Value(attribute.Key(key))
		counts[value.String()] += int(point.Value)
	}
	return counts
}

// Count adds up the points of one of the exporter's counters.
func (r *Rig) Count(name string) (sum int) {
	r.t.Helper()
	for _, n := range r.Counts(name, "") {
		sum += n
	}
	return sum
}

// Log is what an exporter logs, an entry a line in JSON.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is what was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
