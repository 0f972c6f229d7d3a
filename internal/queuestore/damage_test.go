package queuestore

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protowire"
)

func TestDamage(t *testing.T) {
	const stored = 8
	tests := map[string]struct {
		key     string
		damage  func(value []byte) []byte
		kind    string
		lost    int
		message string
	}{
		"dispatched item cut short": {"1", func(v []byte) []byte { return v[:len(v)-3] }, "", 1, ""},
		"dispatched item emptied":   {"1", func([]byte) []byte { return []byte{} }, "", 1, ""},
		"queued item cut short":     {"6", func(v []byte) []byte { return v[:len(v)-3] }, "", 1, ""},
		"queued item emptied":       {"6", func([]byte) []byte { return []byte{} }, "", 1, ""},
		"queued item zeroed":        {"6", func(v []byte) []byte { return make([]byte, len(v)) }, "", 1, ""},
		"last item cut short":       {"7", func(v []byte) []byte { return v[:9] }, "", 1, ""},
		"index cut short":           {indexKey, func(v []byte) []byte { return v[:len(v)-1] }, "index", stored, "index"},
		"index is noise":            {indexKey, func([]byte) []byte { return []byte("noise") }, "index", stored, "index"},
		"index reads past its end": {indexKey, func(v []byte) []byte {
			return protowire.AppendFixed64(protowire.AppendTag(slices.Clip(v), readIndexField, protowire.Fixed64Type), 99)
		}, "index", stored, "index"},
	}
	for name, tt := range tests {
		for shapeName, shape := range shapes {
			if shape.offered != stored {
				continue
			}
			t.Run(name+"/"+shapeName, func(t *testing.T) {
				m := killedWhileSending(t, shape.options, shape.offered, shape.dispatched)
				m.open(t, func(c storage.Client) {
					value, err := c.Get(context.Background(), tt.key)
					require.NoError(t, err)
					require.NotEmpty(t, value)
					require.NoError(t, c.Set(context.Background(), tt.key, tt.damage(value)))
				})
				tel := componenttest.NewTelemetry()
				corrupted, err := tel.NewTelemetrySettings().MeterProvider.Meter("test").Int64Counter("corrupted")
				require.NoError(t, err)
				core, logs := observer.New(zap.ErrorLevel)
				o := shape.options
				o.logger, o.corrupted = zap.New(core), corrupted

				p := m.start(t, o)
				require.NoError(t, p.exporter.ConsumeLogs(context.Background(), event("one more")))
				p.finish(t)
				require.Len(t, m.lost(), tt.lost, "what is intact arrives")
				if tt.kind == "" { // an item, which the exporter tells of
					require.Zero(t, logs.Len())
					return
				}
				require.Equal(t, 1, logs.Len())
				require.Contains(t, logs.All()[0].Message, tt.message)
				require.NotEmpty(t, logs.All()[0].ContextMap()["error"])
				got, err := tel.GetMetric("corrupted")
				require.NoError(t, err)
				points := got.Data.(metricdata.Sum[int64]).DataPoints
				require.Len(t, points, 1)
				require.Equal(t, int64(1), points[0].Value)
				kind, _ := points[0].Attributes.Value("kind")
				require.Equal(t, tt.kind, kind.AsString())
				require.NoError(t, tel.Shutdown(context.Background()))
			})
		}
	}
}

// A gap is what a refused offer leaves in the queue. Its sender was told.
func TestGapIsNoDamage(t *testing.T) {
	m := newMachine(t)
	n := 0
	p := m.start(t, options{block: true, refuse: func(ops []*storage.Operation) bool {
		if addsItem(ops) {
			n++
			return n == 3
		}
		return false
	}})
	p.offer(t, 2)
	<-p.waiting
	require.Error(t, p.exporter.ConsumeLogs(context.Background(), event("refused")))
	p.offer(t, 2)
	p.kill(t)

	core, logs := observer.New(zap.ErrorLevel)
	m.requireDelivered(t, options{logger: zap.New(core)})
	require.Zero(t, logs.Len())
}
