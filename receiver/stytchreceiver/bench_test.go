package stytchreceiver

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/lokicases"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// oneProject returns n events of one project, as most requests hold, without
// the odd ones.
func oneProject(n int) []testdata.Event {
	events := testdata.Mixed(3*n+100, testdata.Instant)
	events = slices.DeleteFunc(events, func(e testdata.Event) bool {
		return strings.HasPrefix(e.Name, "odd-") || !strings.Contains(e.JSON, `"project_id":"project-live-cb0aabac-`)
	})
	return events[:n]
}

func lokiJSON(events []testdata.Event) []byte {
	values := make([]string, len(events))
	for i, e := range events {
		line, _ := json.Marshal(e.JSON)
		values[i] = `["` + strconv.FormatInt(e.Time.UnixNano(), 10) + `",` + string(line) + `]`
	}
	return []byte(`{"streams":[{"stream":{"source":"stytch","service_name":"stytch.auth"},"values":[` + strings.Join(values, ",") + `]}]}`)
}

func lokiProtobuf(events []testdata.Event) []byte {
	s := push.Stream{Labels: `{service_name="stytch.auth", source="stytch"}`}
	for _, e := range events {
		s.Entries = append(s.Entries, push.Entry{Timestamp: e.Time, Line: e.JSON})
	}
	return lokicases.Protobuf(s)
}

func ndjson(events []testdata.Event) []byte {
	var b bytes.Buffer
	for _, e := range events {
		b.WriteString(e.JSON + "\n")
	}
	return b.Bytes()
}

func gzipped(body []byte) []byte {
	return []byte(lokicases.Compress(string(body), func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }))
}

// poster returns a function that sends one request through the handler to a
// pipeline that takes everything.
func poster(t testing.TB, path string, body []byte, header http.Header) func() {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	withWebhook(cfg)
	rcv, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	routes, err := rcv.routes(nil, defaultMaxRequestBodySize)
	require.NoError(t, err)
	reader := bytes.NewReader(body)
	return func() {
		reader.Reset(body)
		req := httptest.NewRequest(http.MethodPost, path, reader)
		req.Header = header
		rec := httptest.NewRecorder()
		routes.ServeHTTP(rec, req)
		if rec.Code/100 != 2 {
			t.Fatal(rec.Code, rec.Body)
		}
	}
}

func BenchmarkProtocols(b *testing.B) {
	key, err := standardwebhooks.NewWebhook(vectorSecret)
	require.NoError(b, err)
	asJSON := http.Header{"Content-Type": {"application/json"}}
	asGzip := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	for _, n := range []int{1, 100, 1000} {
		events := oneProject(n)
		run := func(name, path string, body []byte, header http.Header) {
			b.Run(fmt.Sprintf("%s/events=%d", name, n), func(b *testing.B) {
				post := poster(b, path, body, header)
				b.ReportAllocs()
				b.SetBytes(int64(len(ndjson(events))))
				for b.Loop() {
					post()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
			})
		}
		run("loki-json", lokiPath, lokiJSON(events), asJSON)
		run("loki-json-gzip", lokiPath, gzipped(lokiJSON(events)), asGzip)
		run("loki-protobuf", lokiPath, lokiProtobuf(events), http.Header{"Content-Type": {"application/x-protobuf"}})
		run("events", "/v1/events", ndjson(events), http.Header{})
		run("events-gzip", "/v1/events", gzipped(ndjson(events)), asGzip)
		if n == 1 { // a webhook is one event
			body := testdata.Webhooks()[0].JSON
			run("webhook", webhookPath, []byte(body), sign(b, key, "msg_1", time.Now(), body))
		}
	}
}

// BenchmarkServer is one event a request through all that confighttp puts
// before the protocols, with telemetry as the collector has it by default, and with
// its metrics at the level detailed.
func BenchmarkServer(b *testing.B) {
	for name, views := range map[string][]metric.View{"normal": {drop("*")}, "detailed": nil} {
		b.Run(name, func(b *testing.B) {
			set := receivertest.NewNopSettings(metadata.Type)
			set.MeterProvider = metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()), metric.WithView(views...))
			cfg := createDefaultConfig().(*Config)
			rcv, err := newReceiver(set, cfg, consumertest.NewNop())
			require.NoError(b, err)
			routes, err := rcv.routes(nil, defaultMaxRequestBodySize)
			require.NoError(b, err)
			server, err := newServer(b.Context(), cfg.HTTP, componenttest.NewNopHost(), set.TelemetrySettings, routes)
			require.NoError(b, err)
			body := lokiJSON(oneProject(1))
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequest(http.MethodPost, lokiPath, bytes.NewReader(body))
				req.Header.Set("Content-Type", "application/json")
				rec := httptest.NewRecorder()
				server.Handler.ServeHTTP(rec, req)
				require.Equal(b, http.StatusNoContent, rec.Code)
			}
		})
	}
}

// Twelve allocations an event is what a protocol may cost, plog included.
func TestAllocationsPerEvent(t *testing.T) {
	const n, most = 1000, 12
	events := oneProject(n)
	for name, tc := range map[string]struct {
		path   string
		body   []byte
		header http.Header
	}{
		"loki_push": {lokiPath, gzipped(lokiJSON(events)), http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}},
		"protobuf":  {lokiPath, lokiProtobuf(events), http.Header{"Content-Type": {"application/x-protobuf"}}},
		"events":    {"/v1/events", gzipped(ndjson(events)), http.Header{"Content-Encoding": {"gzip"}}},
	} {
		perEvent := testing.AllocsPerRun(20, poster(t, tc.path, tc.body, tc.header)) / n
		t.Logf("%s: %.2f allocations an event", name, perEvent)
		require.LessOrEqual(t, perEvent, float64(most), name)
	}
}
