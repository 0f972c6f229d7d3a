package harness

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestLokiPush has the stand-in read what the sender writes: each line must come out as it is.
func TestLokiPush(t *testing.T) {
	loki := standin.NewLoki()
	loki.Username, loki.Password = "stytch", "s3cret"
	server := httptest.NewServer(loki)
	defer server.Close()
	events := testdata.Recent(time.Now())
	reply, err := Sender{URL: server.URL, Username: "stytch", Password: "s3cret"}.LokiPush(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)

	entries := loki.Entries()
	require.Len(t, entries, len(events))
	for i, entry := range entries {
		require.Equal(t, events[i].JSON, entry.Line, events[i].Name)
		require.Equal(t, events[i].Time.UnixNano(), entry.Timestamp)
		require.Equal(t, map[string]string{"source": "stytch", "service_name": "stytch.auth"}, entry.Labels)
	}
}

func TestSenderOfEvents(t *testing.T) {
	type request struct{ path, contentType, contentEncoding, username, body string }
	var got request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		content, _ := io.ReadAll(body)
		username, _, _ := r.BasicAuth()
		got = request{r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Content-Encoding"), username, string(content)}
		http.Error(w, "no", http.StatusTeapot)
	}))
	defer server.Close()
	events := []testdata.Event{{JSON: `{"a":1.50}`}, {JSON: `{"b":[]}`}}
	sender := Sender{URL: server.URL}

	reply, err := sender.Object(t.Context(), events[0])
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, reply.Status)
	require.Equal(t, "no", strings.TrimSpace(reply.Body))
	require.Equal(t, request{path: "/v1/events", contentType: "application/json", body: `{"a":1.50}`}, got)

	_, err = sender.Array(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, request{path: "/v1/events", contentType: "application/json", body: `[{"a":1.50},{"b":[]}]`}, got)

	sender.Username = "stytch"
	_, err = sender.NDJSON(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, request{path: "/v1/events", contentType: "application/x-ndjson", username: "stytch", body: "{\"a\":1.50}\n{\"b\":[]}\n"}, got)
}
