//go:build e2e

package e2e

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestOpAMP has a management server read what the gateway tells it, with the extension as its README has
// it: no secret is in it.
func TestOpAMP(t *testing.T) {
	var mu sync.Mutex
	var told strings.Builder
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = unzipped
		}
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&told, body) // what there is of it
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(server.Close)
	const document, endpoint = "examples/gateway/README.md", "https://opamp.example.com"
	var opamp []string
	for _, b := range blocksOf(t, document) {
		if strings.Contains(b.text, endpoint) {
			opamp = append(opamp, strings.Replace(b.text, endpoint, server.URL, 1))
		}
	}
	require.Len(t, opamp, 1, document)
	w := worldToCome(t, "examples/gateway/collector.yaml", toStandins, opamp[0],
		"service: {extensions: [basicauth/stytch, file_storage, health_check, opamp]}")
	w.collector = harness.Start(t, w.options)
	heard := func() string {
		mu.Lock()
		defer mu.Unlock()
		return told.String()
	}
	require.Eventually(t, func() bool { return strings.Contains(heard(), "datadog_logs") }, 20*time.Second, 20*time.Millisecond, "its components")
	w.collector.Stop()
	for _, secret := range []string{w.sender.Password, w.options.Env["DD_API_KEY"]} {
		require.NotEmpty(t, secret)
		require.NotContains(t, heard(), secret)
	}
}
