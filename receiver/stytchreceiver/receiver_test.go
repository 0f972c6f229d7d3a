package stytchreceiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// running is a receiver that has been started on a free port.
type running struct {
	*testing.T
	url       string
	sink      *consumertest.LogsSink
	telemetry *componenttest.Telemetry
	logs      *observer.ObservedLogs
}

func start(t *testing.T, next consumer.Logs, change func(*Config), extensions ...component.Component) *running {
	t.Helper()
	r := &running{T: t, sink: new(consumertest.LogsSink), telemetry: componenttest.NewTelemetry()}
	if next == nil {
		next = r.sink
	}
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "localhost:0"
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.MustNewIDWithName("stytch", "test")
	set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	core, logs := observer.New(zap.InfoLevel)
	set.Logger, r.logs = zap.New(core), logs
	rcv, err := NewFactory().CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, rcv.Start(t.Context(), &host{extensions}))
	t.Cleanup(func() {
		require.NoError(t, rcv.Shutdown(context.Background()))
		require.NoError(t, r.telemetry.Shutdown(context.Background()))
	})
	listening := logs.FilterMessage("Listening for Stytch events").All()
	require.Len(t, listening, 1)
	r.url = "http://" + listening[0].ContextMap()["endpoint"].(string)
	return r
}

type host struct{ extensions []component.Component }

func (h *host) GetExtensions() map[component.ID]component.Component {
	all := map[component.ID]component.Component{}
	for _, e := range h.extensions {
		all[component.MustNewID("auth")] = e
	}
	return all
}

// post sends a request and returns the answer with its body.
func (r *running) post(path, body string, header ...string) (*http.Response, string) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, r.url+path, strings.NewReader(body))
	require.NoError(r, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(r, err)
	return resp, string(answer)
}

const lokiPath = "/loki/api/v1/push"

func zip(body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
	return b.String()
}

func TestLokiPushKeepsEverything(t *testing.T) {
	r := start(t, nil, func(cfg *Config) { cfg.Promote = []string{"user_id"} })
	event := `{"event_id":"event-live-1","project_id":"project-live-1","action":"GetUser","status":"Error","http_status_code":404,"user_id":"u","request_id":"r","n":1.50}`
	body := fmt.Sprintf(`{"streams":[{"stream":{"source":"x","service_name":"y","region":"eu"},"values":[["1700000000000000001",%q,{"trace":"t"}],["1700000000000000002","no JSON"],["1700000000000000003",%q]]}]}`,
		event, `{"project_id":"project-test-2"}`)
	resp, answer := r.post(lokiPath, zip(body), "Content-Type", "Application/JSON; charset=utf-8", "Content-Encoding", "gzip")
	require.Equal(t, http.StatusNoContent, resp.StatusCode, answer)
	require.Empty(t, answer)

	require.Len(t, r.sink.AllLogs(), 1)
	rls := r.sink.AllLogs()[0].ResourceLogs()
	require.Equal(t, 3, rls.Len(), "one for each project of the stream")
	require.Equal(t, map[string]any{"region": "eu", "stytch.project_id": "project-live-1", "deployment.environment.name": "live"}, rls.At(0).Resource().Attributes().AsRaw())
	require.Equal(t, map[string]any{"region": "eu"}, rls.At(1).Resource().Attributes().AsRaw())
	require.Equal(t, map[string]any{"region": "eu", "stytch.project_id": "project-test-2", "deployment.environment.name": "test"}, rls.At(2).Resource().Attributes().AsRaw())

	lr := rls.At(0).ScopeLogs().At(0).LogRecords().At(0)
	require.Equal(t, event, lr.Body().Str())
	require.Equal(t, pcommon.Timestamp(1700000000000000001), lr.Timestamp())
	require.WithinDuration(t, time.Now(), lr.ObservedTimestamp().AsTime(), time.Minute)
	require.Equal(t, plog.SeverityNumberWarn, lr.SeverityNumber())
	require.Equal(t, "Error", lr.SeverityText())
	require.Equal(t, "GetUser", lr.EventName())
	require.Equal(t, map[string]any{
		"stytch.event_id": "event-live-1", "stytch.action": "GetUser", "stytch.status": "Error", "stytch.request_id": "r",
		"http.response.status_code": int64(404), "trace": "t", "stytch.user_id": "u",
	}, lr.Attributes().AsRaw())

	lr = rls.At(1).ScopeLogs().At(0).LogRecords().At(0)
	require.Equal(t, "no JSON", lr.Body().Str())
	require.Empty(t, lr.Attributes().AsRaw())
	r.requireCounts("otelcol_receiver_stytch_malformed_events", metricdata.DataPoint[int64]{Attributes: protocolAttr("loki_push"), Value: 1})
}

func TestEvents(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"object":          {` {"a": 1.50} `, []string{`{"a": 1.50}`}},
		"pretty object":   {"{\n \"a\": 1\n}\n", []string{"{\n \"a\": 1\n}"}},
		"array":           {` [ {"a":1} , {"b":{"c":[]}} ] `, []string{`{"a":1}`, `{"b":{"c":[]}}`}},
		"empty array":     {`[]`, nil},
		"NDJSON":          {"{\"a\":1}\n{\"b\":2}\r\n\n\r\n{ \"c\" : 3 }", []string{`{"a":1}`, `{"b":2}`, `{ "c" : 3 }`}},
		"the same thrice": {"{}\n{}\n{}\n", []string{`{}`, `{}`, `{}`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil, nil)
			resp, answer := r.post("/v1/events", tc.body)
			require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
			require.Equal(t, tc.want, bodies(r.sink))
		})
	}
}

func TestEventsTakeTheEventsOwnTime(t *testing.T) {
	r := start(t, nil, nil)
	resp, _ := r.post("/v1/events", `{"_timestamp":1772366400123456}`+"\n{}")
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	records := r.sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	require.Equal(t, pcommon.Timestamp(1772366400123456000), records.At(0).Timestamp())
	require.Equal(t, records.At(1).ObservedTimestamp(), records.At(1).Timestamp())
}

func bodies(sink *consumertest.LogsSink) (all []string) {
	for _, ld := range sink.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
				all = append(all, lr.Body().Str())
			}
		}
	}
	return all
}

func TestEveryEventArrivesByteForByte(t *testing.T) {
	r := start(t, nil, nil)
	var want, lines []string
	for i, e := range testdata.Events() {
		want = append(want, e.JSON)
		lines = append(lines, fmt.Sprintf(`["%d",%s]`, i+1, quote(t, e.JSON)))
	}
	resp, answer := r.post("/v1/events", "["+strings.Join(want, ",")+"]")
	require.Equal(t, http.StatusAccepted, resp.StatusCode, answer)
	require.ElementsMatch(t, want, bodies(r.sink))
	r.sink.Reset()
	resp, answer = r.post(lokiPath, `{"streams":[{"stream":{"a":"b"},"values":[`+strings.Join(lines, ",")+`]}]}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusNoContent, resp.StatusCode, answer)
	require.ElementsMatch(t, want, bodies(r.sink))
}

// Names that are ours never come from outside: with another's webhook id an event
// would be taken for a repeat. Labels cannot have such names.
func TestOurNamesAreNotTakenFromOutside(t *testing.T) {
	r := start(t, nil, nil)
	line := `{\"project_id\":\"project-live-1\",\"event_id\":\"event-1\"}`
	resp, answer := r.post(lokiPath, `{"streams":[{"stream":{"stytch_project_id":"x"},"values":[["1","`+line+`",`+
		`{"stytch.webhook_id":"msg_1","stytch.event_id":"x","stytch.project_id":"x","stytch.anything":"x","other":"kept"}],`+
		`["2","no JSON",{"stytch.webhook_id":"msg_1"}]]}]}`, jsonType...)
	require.Equal(t, http.StatusNoContent, resp.StatusCode, answer)
	rls := r.sink.AllLogs()[0].ResourceLogs()
	require.Equal(t, map[string]any{"stytch_project_id": "x", "stytch.project_id": "project-live-1", "deployment.environment.name": "live"}, rls.At(0).Resource().Attributes().AsRaw())
	require.Equal(t, map[string]any{"stytch.event_id": "event-1", "other": "kept"}, rls.At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw())
	require.Empty(t, rls.At(1).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw())
	for _, name := range []string{"stytch.project_id", "deployment.environment.name", "service.name"} {
		resp, answer = r.post(lokiPath, `{"streams":[{"stream":{"a":"b","`+name+`":"x"},"values":[["1","x"]]}]}`, jsonType...)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, answer)
	}
}

// Every record stands under the receiver's scope, by which it is known as an event.
func TestScope(t *testing.T) {
	require.Equal(t, stytch.ScopeName, metadata.ScopeName)
	r := start(t, nil, withWebhook)
	resp, _ := r.post(lokiPath, `{"streams":[{"stream":{"a":"b"},"values":[["1","{\"project_id\":\"p\"}"],["2","x"]]}]}`, jsonType...)
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	resp, _ = r.post("/v1/events", "{}")
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	resp, _ = r.postWebhook("{}", nil)
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	n := 0
	for _, ld := range r.sink.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			n++
			require.Equal(t, 1, rl.ScopeLogs().Len())
			require.Equal(t, stytch.ScopeName, rl.ScopeLogs().At(0).Scope().Name())
			require.Equal(t, "latest", rl.ScopeLogs().At(0).Scope().Version(), "that of the build")
		}
	}
	require.Equal(t, 4, n)
}
