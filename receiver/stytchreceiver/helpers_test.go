package stytchreceiver

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
)

func quote(t *testing.T, s string) string {
	t.Helper()
	quoted, err := json.Marshal(s)
	require.NoError(t, err)
	return string(quoted)
}

// protocolAttr is the attributes of a protocol's metrics, with an answer's code for
// those that have one.
func protocolAttr(protocol string, code ...int) attribute.Set {
	attrs := []attribute.KeyValue{attribute.String("receiver", "stytch/test"), attribute.String("protocol", protocol)}
	for _, c := range code {
		attrs = append(attrs, attribute.Int("http.response.status_code", c))
	}
	return attribute.NewSet(attrs...)
}

// requireCounts compares the values of a counter, but for those that are zero.
func (r *running) requireCounts(name string, want ...metricdata.DataPoint[int64]) {
	r.Helper()
	got, err := r.telemetry.GetMetric(name)
	require.NoError(r, err)
	sum := got.Data.(metricdata.Sum[int64])
	sum.DataPoints = slices.DeleteFunc(sum.DataPoints, func(p metricdata.DataPoint[int64]) bool { return p.Value == 0 })
	metricdatatest.AssertEqual(r, metricdata.Sum[int64]{DataPoints: want, Temporality: sum.Temporality, IsMonotonic: true}, sum,
		metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

// refusedAttr is the attributes of a protocol's refused requests.
func refusedAttr(protocol, reason string) attribute.Set {
	return attribute.NewSet(attribute.String("receiver", "stytch/test"), attribute.String("protocol", protocol), attribute.String("reason", reason))
}

// newTestReceiver returns a receiver that hands its records to a sink.
func newTestReceiver(t testing.TB, cfg *Config) *stytchReceiver {
	t.Helper()
	rcv, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, new(consumertest.LogsSink))
	require.NoError(t, err)
	return rcv
}
