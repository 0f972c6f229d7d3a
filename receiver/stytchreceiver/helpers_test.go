package stytchreceiver

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
)

func quote(t *testing.T, s string) string {
	t.Helper()
	quoted, err := json.Marshal(s)
	require.NoError(t, err)
	return string(quoted)
}

// doorAttr is the attributes of a door's metrics, with an answer's code for
// those that have one.
func doorAttr(door string, code ...int) attribute.Set {
	attrs := []attribute.KeyValue{attribute.String("receiver", "stytch/test"), attribute.String("door", door)}
	for _, c := range code {
		attrs = append(attrs, attribute.Int("http.response.status_code", c))
	}
	return attribute.NewSet(attrs...)
}

// newTestReceiver returns a receiver that hands its records to a sink.
func newTestReceiver(t testing.TB, cfg *Config) *stytchReceiver {
	t.Helper()
	rcv, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, new(consumertest.LogsSink))
	require.NoError(t, err)
	return rcv
}
