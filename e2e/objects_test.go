//go:build e2e

package e2e

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestJSONOfAnotherService arrives by OTLP: its bytes are kept, and what stands beside them in the
// record is not lost.
func TestJSONOfAnotherService(t *testing.T) {
	const body = `{"level" : "info","user":{"id":7.50}}`
	port := harness.Port(t)
	w := newWorld(t, `
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:`+port+`"}}}
service:
  pipelines:
    logs/datadog: {receivers: [stytch, otlp], processors: []}
    logs/loki: {receivers: [stytch, otlp], processors: []}
`)
	now := time.Now()
	logs := `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"deployment.environment.name","value":{"stringValue":"prod"}}]},
"scopeLogs":[{"scope":{"name":"shop"},"logRecords":[{"timeUnixNano":"` + strconv.FormatInt(now.UnixNano(), 10) + `","severityNumber":17,"traceId":"5b8efff798038103d269b633813fc60c",
"body":{"stringValue":"{\"level\" : \"info\",\"user\":{\"id\":7.50}}"},"attributes":[{"key":"cart","value":{"intValue":"12"}}]}]}]}]}`
	sender := w.sender
	sender.URL = "http://127.0.0.1:" + port
	reply, err := sender.Post(t.Context(), "/v1/logs", []byte(logs), http.Header{"Content-Type": {"application/json"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, reply.Status, reply.Body)
	w.settle(1, 1)
	require.Equal(t, body, w.loki.Entries()[0].Line)
	require.Equal(t, body[:len(body)-1]+`,"timestamp":`+strconv.FormatInt(now.UnixMilli(), 10)+`,"dd.trace_id":"15161849952847513100","otel.trace_id":"5b8efff798038103d269b633813fc60c",`+
		`"cart":12,"deployment.environment.name":"prod","service":"shop","ddtags":"service:shop"}`, string(w.datadog.Logs()[0].Raw))
}
