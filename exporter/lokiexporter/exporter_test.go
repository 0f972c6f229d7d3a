package lokiexporter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/lokiexporter/internal/metadatatest"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

func config(t testing.TB, url string, edits ...func(*Config)) *Config {
	t.Helper()
	return exporterrig.Config(t, NewFactory(), url, edits...)
}

func startRig(t testing.TB, url string, edits ...func(*Config)) *exporterrig.Rig {
	t.Helper()
	return exporterrig.Start(t, NewFactory(), config(t, url, edits...))
}

func newLoki(t testing.TB) (*standin.Loki, string) {
	t.Helper()
	loki := standin.NewLoki()
	url, err := loki.Start("localhost:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, loki.Close()) })
	return loki, url
}

func count(n int64, attributes ...attribute.KeyValue) metricdata.DataPoint[int64] {
	attributes = append(attributes, attribute.String("exporter", "loki/test"))
	return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(attributes...)}
}

func TestExport(t *testing.T) {
	for _, encoding := range []Encoding{encodingJSON, encodingProtobuf} {
		t.Run(string(encoding), func(t *testing.T) {
			loki, url := newLoki(t)
			loki.Username, loki.Password, loki.NeedsTenant = "123456", "secret", true
			loki.SetFault(func(_ *http.Request, n int) *standin.Answer {
				if n == 1 {
					return &standin.Answer{Status: http.StatusServiceUnavailable}
				}
				return nil
			})
			r := startRig(t, url, func(cfg *Config) {
				cfg.Username, cfg.Password, cfg.TenantID = "123456", "secret", "acme"
				cfg.Encoding = encoding
				cfg.Labels, cfg.StructuredMetadata = Labels{"action": "stytch.action"}, StructuredMetadata{"stytch.event_id"}
			})
			at := time.Now()
			ld := plog.NewLogs()
			attributes := add(ld, "stytch", "stytch.auth", pcommon.NewTimestampFromTime(at), `{"event_id":"a","n":1.50}`).At(0).Attributes()
			attributes.PutStr("stytch.action", `"é\`+"\n")
			attributes.PutStr("stytch.event_id", "a")
			require.NoError(t, r.ConsumeLogs(t.Context(), ld))

			require.Len(t, loki.Entries(), 1)
			entry := loki.Entries()[0]
			require.Equal(t, "acme", entry.Tenant)
			require.Equal(t, map[string]string{"source": "stytch", "service_name": "stytch.auth", "action": `"é\` + "\n"}, entry.Labels)
			require.Equal(t, map[string]string{"stytch_event_id": "a"}, entry.Metadata)
			require.Equal(t, `{"event_id":"a","n":1.50}`, entry.Line)
			require.Equal(t, at.UnixNano(), entry.Timestamp)
		})
	}
}

func TestNothingToSend(t *testing.T) {
	loki, url := newLoki(t)
	r := startRig(t, url, func(cfg *Config) { cfg.TooOld = httpsend.TooOldDrop })
	require.NoError(t, r.ConsumeLogs(t.Context(), plog.NewLogs()))
	ld := plog.NewLogs()
	add(ld, "stytch", "", 1)
	require.NoError(t, r.ConsumeLogs(t.Context(), ld), "a resource without records")
	add(ld, "stytch", "", 1, "old")
	require.NoError(t, r.ConsumeLogs(t.Context(), ld))
	require.Zero(t, loki.Requests(standin.LokiPushPath))
	metadatatest.AssertEqualExporterLokiDroppedEvents(t, r.Telemetry, []metricdata.DataPoint[int64]{
		count(1, attribute.String("reason", "too_old")), count(0, attribute.String("reason", "too_large")), count(0, attribute.String("reason", "rejected")),
	},
		metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

// Each record is counted once, however often its batch is sent.
func TestCountingUnderRetries(t *testing.T) {
	loki, url := newLoki(t)
	loki.SetFault(func(_ *http.Request, n int) *standin.Answer {
		switch n {
		case 1, 4:
			return &standin.Answer{Status: http.StatusTooManyRequests}
		case 2:
			return &standin.Answer{Status: http.StatusRequestEntityTooLarge}
		}
		return nil
	})
	r := startRig(t, url, func(cfg *Config) { cfg.TooOld = httpsend.TooOldDrop })
	at := pcommon.NewTimestampFromTime(time.Now())
	ld := plog.NewLogs()
	add(ld, "stytch", "a", at, "one", strings.Repeat("x", 256<<10+1), "three", "four")
	add(ld, "stytch", "b", at, "five", "six")
	add(ld, "stytch", "a", 1, "old")
	add(ld, "stytch", "a", at+pcommon.Timestamp(time.Hour), "ahead")
	require.NoError(t, r.ConsumeLogs(t.Context(), ld))
	require.Len(t, loki.Entries(), 5)
	require.Equal(t, 5, loki.Received(), "nothing came twice")
	metadatatest.AssertEqualExporterLokiDroppedEvents(t, r.Telemetry, []metricdata.DataPoint[int64]{
		count(1, attribute.String("reason", "too_large")), count(1, attribute.String("reason", "too_old")), count(1, attribute.String("reason", "rejected")),
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	metadatatest.AssertEqualExporterLokiDeliveredEvents(t, r.Telemetry, []metricdata.DataPoint[int64]{count(5)}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	metadatatest.AssertEqualExporterLokiSplits(t, r.Telemetry, []metricdata.DataPoint[int64]{
		count(1, attribute.Int("http.response.status_code", 413)), count(0, attribute.Int("http.response.status_code", 400)),
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func TestDeliveredBytes(t *testing.T) {
	_, url := newLoki(t)
	r := startRig(t, url)
	ld := plog.NewLogs()
	add(ld, "stytch", "a", pcommon.NewTimestampFromTime(time.Now()), "12345", "é")
	require.NoError(t, r.ConsumeLogs(t.Context(), ld))
	metadatatest.AssertEqualExporterLokiDeliveredBytes(t, r.Telemetry, []metricdata.DataPoint[int64]{count(7, attribute.String("form", "line"))}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func TestABlockedTenantIsReported(t *testing.T) {
	loki, url := newLoki(t)
	loki.SetFault(func(_ *http.Request, n int) *standin.Answer {
		if n < 3 {
			return &standin.Answer{Status: 260, Body: "ingestion blocked for user 'x' until '2099-01-01T00:00:00Z' with status code '260'"}
		}
		return nil
	})
	r := startRig(t, url)
	ld := plog.NewLogs()
	add(ld, "stytch", "a", pcommon.NewTimestampFromTime(time.Now()), "x")
	require.NoError(t, r.ConsumeLogs(t.Context(), ld))
	events := r.Host.Take()
	require.Len(t, events, 2)
	require.Equal(t, componentstatus.StatusRecoverableError, events[0].Status())
	require.ErrorContains(t, events[0].Err(), "answered 260, which does not confirm that anything is stored: ingestion blocked for user 'x'")
	require.Equal(t, componentstatus.StatusOK, events[1].Status())
	require.Len(t, loki.Entries(), 1)
}
