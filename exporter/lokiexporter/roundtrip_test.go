package lokiexporter

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// receiverEncodings are those that our own receiver reads.
var receiverEncodings = []Encoding{encodingJSON, encodingProtobuf}

// receiving is our own receiver's configuration, on a free port.
func receiving(t testing.TB) (cfg *stytchreceiver.Config, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	cfg = stytchreceiver.NewFactory().CreateDefaultConfig().(*stytchreceiver.Config)
	cfg.HTTP.NetAddr.Endpoint = listener.Addr().String()
	return cfg, "http://" + listener.Addr().String()
}

// What the exporter sends, our own receiver reads back: line, time, labels and
// structured metadata, byte for byte.
func FuzzRoundTrip(f *testing.F) {
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		f.Add(e.JSON, "Login", "request-1", uint32(1))
	}
	f.Add("\x00 \x1f \u2028 \xff", "a\"b\n", "\\", uint32(7))
	cfg, url := receiving(f)
	sink := new(consumertest.LogsSink)
	factory := stytchreceiver.NewFactory()
	r, err := factory.CreateLogs(context.Background(), receivertest.NewNopSettings(factory.Type()), cfg, sink)
	require.NoError(f, err)
	require.NoError(f, r.Start(context.Background(), componenttest.NewNopHost()))
	f.Cleanup(func() { require.NoError(f, r.Shutdown(context.Background())) })
	exporters := map[Encoding]*exporterrig.Rig{}
	for _, encoding := range receiverEncodings {
		exporters[encoding] = startRig(f, url, func(cfg *Config) {
			cfg.Encoding = encoding
			cfg.Labels, cfg.StructuredMetadata = Labels{"act": "a"}, StructuredMetadata{"req"}
		})
	}
	f.Fuzz(func(t *testing.T, line, action, request string, at uint32) {
		at = max(at, 1)
		ld := plog.NewLogs()
		for _, lr := range add(ld, "stytch", "stytch.auth", pcommon.Timestamp(at), line, line+"2").All() {
			lr.Attributes().PutStr("a", action)
			lr.Attributes().PutStr("req", request)
		}
		for encoding, exporter := range exporters {
			sink.Reset()
			require.NoError(t, exporter.ConsumeLogs(t.Context(), ld))
			require.Equal(t, 2, sink.LogRecordCount(), encoding)
			var got []string
			for _, ld := range sink.AllLogs() {
				for _, rl := range ld.ResourceLogs().All() {
					act, _ := rl.Resource().Attributes().Get("act")
					for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
						req, _ := lr.Attributes().Get("req")
						got = append(got, fmt.Sprintf("%d %q %q %q", lr.Timestamp(), lr.Body().Str(), str(act), str(req)))
					}
				}
			}
			action, request := truncate(lokipush.Text(action), lokipush.MaxLabelValue), lokipush.Text(request)
			if len("req")+len(request) > lokipush.MaxMetadataBytes {
				request = ""
			}
			require.ElementsMatch(t, []string{
				fmt.Sprintf("%d %q %q %q", at, lokipush.Text(line), action, request),
				fmt.Sprintf("%d %q %q %q", pcommon.Timestamp(at)+1, lokipush.Text(line)+"2", action, request),
			}, got, encoding)
		}
	})
}

func str(v pcommon.Value) string {
	if v == (pcommon.Value{}) {
		return ""
	}
	return v.Str()
}

// The contract that the collector sets its exporters: what is refused for now
// is sent again, what is refused for good is not.
func TestConsumeContract(t *testing.T) {
	receiverConfig, receiverURL := receiving(t)
	target, err := url.Parse(receiverURL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		r.Header.Del("Retry-After") // whole seconds
		return nil
	}
	server := httptest.NewServer(proxy)
	defer server.Close()
	cfg := config(t, server.URL, func(cfg *Config) {
		cfg.QueueConfig = exporterrig.Waiting()
		cfg.RetryConfig.MaxInterval = time.Minute
		cfg.StructuredMetadata = StructuredMetadata{"test_id"}
	})
	exportertest.CheckConsumeContract(exportertest.CheckConsumeContractParams{
		T: t, NumberOfTestElements: 10, Signal: pipeline.SignalLogs,
		ExporterFactory: NewFactory(), ExporterConfig: cfg,
		ReceiverFactory: stytchreceiver.NewFactory(), ReceiverConfig: receiverConfig,
	})
}
