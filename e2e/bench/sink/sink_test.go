package sink

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/golang/snappy"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/load"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

func id(sequence int) string { return fmt.Sprintf("%s%08x", load.Mark, sequence) }

func TestCountsIDsHoweverTheyAreWrapped(t *testing.T) {
	server := httptest.NewServer(Handler())
	defer server.Close()
	client := Client{URL: server.URL}
	require.NoError(t, client.Reset(4))

	post := func(path, contentType, encoding string, body []byte, want int) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, bytes.NewReader(body))
		require.NoError(t, err)
		request.Header = http.Header{"Content-Type": {contentType}}
		if encoding != "" {
			request.Header.Set("Content-Encoding", encoding)
		}
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, want, answer.StatusCode)
	}
	post(LokiPath, "application/json", "gzip", harness.Gzip([]byte(`["1","{\"event_id\":\"`+id(0)+`\"}"],["2","{\"event_id\":\"`+id(2)+`\"}"]`)), 204)
	post(LokiPath, "application/x-protobuf", "", snappy.Encode(nil, []byte("\x0a\x09"+id(2)+"\x12"+id(9))), 204)
	post(DatadogPath, "application/json", "", []byte(`[{"event_id":"`+id(3)+`"}]`), 202)

	counts, err := client.Counts(Loki)
	require.NoError(t, err)
	counts.Bytes = 0
	require.Equal(t, Counts{Events: 2, Duplicates: 1, Strange: 1, Requests: 2}, counts)
	counts, err = client.Counts(Datadog)
	require.NoError(t, err)
	require.Equal(t, 1, counts.Events)

	arrivals, err := client.Arrivals(Loki)
	require.NoError(t, err)
	require.Len(t, arrivals, 4)
	for sequence, at := range arrivals {
		require.Equal(t, sequence == 0 || sequence == 2, at != 0, sequence)
	}

	post(LokiPath, "application/json", "gzip", []byte("no gzip"), 204)
	_, err = client.Counts(Loki)
	require.ErrorContains(t, err, "reading a body of 7 bytes")
}
