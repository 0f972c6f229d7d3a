package datadoglogsexporter

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
)

// What must not be seen anywhere: the key, another header's secret, and what
// an event says of a person.
const (
	headerSecret = "s3cret-of-a-proxy"
	person       = "ada.lovelace@example.com"
)

// requireSilent looks for them in all that the exporter tells.
func requireSilent(t *testing.T, r *exporterrig.Rig, errs ...error) {
	t.Helper()
	var metrics metricdata.ResourceMetrics
	require.NoError(t, r.Telemetry.Reader.Collect(t.Context(), &metrics))
	var told strings.Builder
	fmt.Fprintf(&told, "%s%+v", r.Log.String(), metrics)
	measured, err := json.Marshal(metrics)
	require.NoError(t, err)
	told.Write(measured)
	for _, event := range r.Host.Take() {
		fmt.Fprintf(&told, "%v %+v", event.Err(), event)
	}
	for _, err := range errs {
		fmt.Fprintf(&told, "%v %+v", err, err)
	}
	for _, secret := range []string{apiKey, headerSecret, person} {
		require.NotContains(t, told.String(), secret)
	}
}

// gossip answers with all that it was sent.
func gossip(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		said := r.Header.Get(headerKey) + " " + r.Header.Get("X-Proxy") + " " + string(body)
		w.Header().Set("X-Seen", r.Header.Get(headerKey))
		if code/100 == 3 {
			w.Header().Set("Location", "/?key="+r.Header.Get(headerKey))
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, "refused %s", said)
	})
}

// babble answers with what is no HTTP and holds the key.
func babble(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<16))
			fmt.Fprintf(conn, "HTTP/1.1 %s %s\r\n\r\n", apiKey, headerSecret)
			conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestNoSecretIsTold(t *testing.T) {
	urls := map[string]string{"no HTTP": babble(t), "unreachable": "http://user:" + headerSecret + "@localhost:1"}
	for _, code := range []int{200, 202, 204, 302, 307, 400, 401, 403, 404, 408, 413, 422, 429, 500, 503, 599} {
		server := httptest.NewServer(gossip(code))
		defer server.Close()
		urls[strconv.Itoa(code)] = server.URL
	}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			for _, fail := range []bool{false, true} {
				r := newRig(t, url, func(cfg *Config) {
					cfg.RetryConfig.Enabled = false
					cfg.ClientConfig.Compression = "none" // so that the event is there to repeat
					cfg.ClientConfig.Headers.Set("X-Proxy", headerSecret)
					cfg.API.Endpoint, cfg.API.FailOnInvalidKey = url, fail
				})
				errs := []error{r.Start(t.Context(), r.Host)}
				if errs[0] == nil {
					for _, n := range []int{1, 3, 20} {
						var bodies []string
						for range n {
							bodies = append(bodies, `{"email_address":"`+person+`"}`)
						}
						errs = append(errs, r.ConsumeLogs(t.Context(), logs(bodies...)))
					}
				}
				r.Stop()
				requireSilent(t, r, errs...)
			}
		})
	}
}

// An error of the configuration names the key, never its value.
func TestNoSecretIsToldOfABadConfiguration(t *testing.T) {
	for _, key := range []string{apiKey + "\n\n", " " + apiKey, apiKey + "é", strings.Repeat(apiKey, 2)} {
		cfg, err := load(t, map[string]any{"api": map[string]any{"key": key, "site": "https://x"}, "compression": "lz4"})
		require.Error(t, err)
		require.NotContains(t, err.Error(), apiKey)
		require.NotContains(t, fmt.Sprintf("%v %+v", cfg, cfg), apiKey)
	}
	r := newRig(t, "http://localhost:1", func(cfg *Config) { cfg.API.Key = configopaque.String(strings.Repeat(apiKey, 2)) })
	require.NoError(t, r.Start(t.Context(), r.Host))
	r.Stop()
	require.Contains(t, r.Log.String(), "api::key does not look like an API key")
	requireSilent(t, r)
}
