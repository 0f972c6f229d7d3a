package datadoglogsexporter

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	attr "go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/datadoglogsexporter/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

const apiKey = "0123456789abcdef0123456789abcdef"

// rig is an exporter with all that can be seen of it.
type rig struct {
	exporter.Logs
	t         *testing.T
	host      *exporterrig.Host
	telemetry *componenttest.Telemetry
	log       lockedBuffer
}

// newRig returns an exporter that sends to url, tries again after a
// millisecond and has no queue. It is not started.
func newRig(t *testing.T, url string, edit ...func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, host: &exporterrig.Host{}, telemetry: componenttest.NewTelemetry()}
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	set.Logger = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&r.log), zap.DebugLevel))
	cfg := createDefaultConfig().(*Config)
	cfg.API.Key = apiKey
	cfg.ClientConfig.Endpoint = url
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	cfg.RetryConfig.InitialInterval, cfg.RetryConfig.MaxInterval = time.Millisecond, 5*time.Millisecond
	for _, edit := range edit {
		edit(cfg)
	}
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	r.Logs = e
	return r
}

func startRig(t *testing.T, url string, edit ...func(*Config)) *rig {
	t.Helper()
	r := newRig(t, url, edit...)
	require.NoError(t, r.Start(t.Context(), r.host))
	return r
}

// stop waits until the queue, if there is one, is empty.
func (r *rig) stop() {
	r.t.Helper()
	require.NoError(r.t, r.Shutdown(r.t.Context()))
}

// sum adds up the points of one of the exporter's counters whose attribute has
// the value.
func (r *rig) sum(name, attribute, value string) (n int) {
	r.t.Helper()
	m, err := r.telemetry.GetMetric("otelcol_exporter_datadog_logs_" + name)
	if err != nil {
		return 0 // nothing was counted
	}
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if v, _ := point.Attributes.Value(attr.Key(attribute)); attribute == "" || v.String() == value {
			n += int(point.Value)
		}
	}
	return n
}

type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}

// lost is the code of an answer that is lost on its way: the logs are taken.
const lost = -1

// choosy is an intake that reads each request's logs before it answers: with a
// code of refuse's, or, where that is 0, as Datadog would.
func choosy(t *testing.T, datadog *standin.Datadog, refuse func(w http.ResponseWriter, logs []standin.Log) int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wire, err := io.ReadAll(r.Body)
		if err != nil {
			return // the exporter has gone
		}
		zr, err := gzip.NewReader(bytes.NewReader(wire))
		if err == nil {
			var payload []byte
			if payload, err = io.ReadAll(zr); err == nil {
				var logs []standin.Log
				if logs, err = standin.DecodeDatadog(payload); err == nil {
					switch code := refuse(w, logs); code {
					case 0:
					case lost:
						r.Body = io.NopCloser(bytes.NewReader(wire))
						datadog.ServeHTTP(httptest.NewRecorder(), r)
						panic(http.ErrAbortHandler)
					default:
						w.WriteHeader(code)
						return
					}
				}
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(wire))
		datadog.ServeHTTP(w, r) // tells of errors too
	}))
	t.Cleanup(server.Close)
	return server.URL
}
