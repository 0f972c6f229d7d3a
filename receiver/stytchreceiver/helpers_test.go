package stytchreceiver

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
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
	attrs := []attribute.KeyValue{attribute.String("door", door)}
	for _, c := range code {
		attrs = append(attrs, attribute.Int("http.response.status_code", c))
	}
	return attribute.NewSet(attrs...)
}
