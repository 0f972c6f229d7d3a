package stytchreceiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadatatest"
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

func TestLokiDoorKeepsEverything(t *testing.T) {
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
	metadatatest.AssertEqualReceiverStytchMalformedEvents(t, r.telemetry,
		[]metricdata.DataPoint[int64]{{Attributes: doorAttr("loki_push"), Value: 1}}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func TestEventsDoor(t *testing.T) {
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

func TestEventsDoorTakesTheEventsOwnTime(t *testing.T) {
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

func TestRefusals(t *testing.T) {
	push := `{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}`
	for name, tc := range map[string]struct {
		path, body string
		header     []string
		code       int
		answer     string
	}{
		"malformed push":       {lokiPath, `{"streams":[`, jsonType, 400, "streams[0]: invalid JSON at byte 12: want an object\n"},
		"no streams":           {lokiPath, `{}`, jsonType, 422, "at least one stream is required\n"},
		"no type":              {lokiPath, push, nil, 400, "Content-Type \"\" is not supported: want application/json\n"},
		"another type":         {lokiPath, push, []string{"Content-Type", "text/plain"}, 400, "Content-Type \"text/plain\" is not supported: want application/json\n"},
		"not gzip":             {lokiPath, push, append([]string{"Content-Encoding", "gzip"}, jsonType...), 400, "reading the body: gzip: gzip: invalid header\n"},
		"cut gzip":             {lokiPath, zip(push)[:30], append([]string{"Content-Encoding", "gzip"}, jsonType...), 400, "reading the body: gzip: unexpected EOF\n"},
		"unknown encoding":     {lokiPath, push, append([]string{"Content-Encoding", "br"}, jsonType...), 400, "reading the body: Content-Encoding \"br\" is not supported\n"},
		"too large":            {lokiPath, strings.Repeat(" ", 2000), jsonType, 413, "the body is larger than 1000 bytes\n"},
		"too large unzipped":   {"/v1/events", zip(strings.Repeat(" ", 100_000)), []string{"Content-Encoding", "gzip"}, 413, `{"error":"the body is larger than 1000 bytes"}`},
		"empty":                {"/v1/events", " \n", nil, 400, `{"error":"the body is empty: want a JSON object, an array of objects, or an object on each line"}`},
		"bad element":          {"/v1/events", `[{},{"a":1},3]`, nil, 400, `{"error":"element 2: invalid JSON at byte 12: want an object"}`},
		"bad array":            {"/v1/events", `[{}`, nil, 400, `{"error":"invalid JSON at byte 3: want a comma or the end of the array"}`},
		"text after the array": {"/v1/events", `[{}] {}`, nil, 400, `{"error":"invalid JSON at byte 5: text after the array"}`},
		"bad line":             {"/v1/events", "{\n}\n\n{\"a\"}\n{}", nil, 400, `{"error":"line 4: invalid JSON at byte 9: want a colon"}`},
		"bad first line":       {"/v1/events", "\nhello", nil, 400, `{"error":"line 2: invalid JSON at byte 1: want an object"}`},
		"two on a line":        {"/v1/events", "{}\n{} {}", nil, 400, `{"error":"line 2: invalid JSON at byte 6: text after the object"}`},
		"not UTF-8":            {"/v1/events", "{\"a\":\"\xff\"}", nil, 400, `{"error":"line 1: invalid JSON at byte 6: the string is not valid UTF-8"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil, func(cfg *Config) { cfg.HTTP.MaxRequestBodySize = 1000 })
			resp, answer := r.post(tc.path, tc.body, tc.header...)
			require.Equal(t, tc.code, resp.StatusCode, answer)
			require.Equal(t, tc.answer, answer)
			require.Empty(t, r.sink.AllLogs())
		})
	}
}

var jsonType = []string{"Content-Type", "application/json"}

func TestAnswersToPipelines(t *testing.T) {
	busy, broken := errors.New("queue is full"), consumererror.NewPermanent(errors.New("never"))
	for name, tc := range map[string]struct {
		err  error
		code int
	}{
		"taken":                 {nil, http.StatusAccepted},
		"refused for now":       {busy, http.StatusServiceUnavailable},
		"refused for ever":      {broken, http.StatusBadRequest},
		"wrapped":               {fmt.Errorf("pipeline: %w", broken), http.StatusBadRequest},
		"one of two for now":    {errors.Join(broken, busy), http.StatusServiceUnavailable},
		"two of two for ever":   {errors.Join(broken, fmt.Errorf("x: %w", broken)), http.StatusBadRequest},
		"nested joins, one now": {fmt.Errorf("x: %w", errors.Join(broken, errors.Join(broken, busy))), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, consumertest.NewErr(tc.err), nil)
			resp, answer := r.post("/v1/events", `{}`)
			require.Equal(t, tc.code, resp.StatusCode, answer)
			if tc.code == http.StatusServiceUnavailable {
				require.Equal(t, "5", resp.Header.Get("Retry-After"))
			}
		})
	}
}

func TestReadyAndUnknownRoutes(t *testing.T) {
	r := start(t, nil, func(cfg *Config) {
		cfg.Events = configoptional.None[EventsConfig]()
	})
	for path, want := range map[string]int{"/ready": 200, lokiPath: 405, "/v1/events": 404, "/": 404} {
		resp, err := http.Get(r.url + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, resp.StatusCode, path)
	}
}

// authenticator is an auth extension that knows one token, which it also takes
// from the query parameter named token.
type authenticator struct{ component.Component }

func (authenticator) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	for _, value := range append(sources["Authorization"], sources["token"]...) {
		if value == "Bearer good" {
			return ctx, nil
		}
	}
	return ctx, errors.New("who are you?")
}

func TestAuth(t *testing.T) {
	r := start(t, nil, func(cfg *Config) {
		cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{
			Config: configauth.Config{AuthenticatorID: component.MustNewID("auth")}, RequestParameters: []string{"token"},
		})
	}, authenticator{})
	for _, path := range []string{"/v1/events", lokiPath} {
		resp, answer := r.post(path, "never read")
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		require.Contains(t, answer, "who are you?")
	}
	resp, _ := r.post("/v1/events", "{}", "Authorization", "Bearer good")
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	resp, _ = r.post("/v1/events?token=Bearer+good", "{}")
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	metadatatest.AssertEqualReceiverStytchRequests(t, r.telemetry, []metricdata.DataPoint[int64]{
		{Attributes: doorAttr("events", 401), Value: 1},
		{Attributes: doorAttr("loki_push", 401), Value: 1},
		{Attributes: doorAttr("events", 202), Value: 2},
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func TestStartWithoutTheAuthExtension(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("auth")}})
	rcv, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.EqualError(t, rcv.Start(t.Context(), componenttest.NewNopHost()),
		`http::auth: failed to resolve authenticator "auth": authenticator not found`)
	require.NoError(t, rcv.Shutdown(t.Context()))
	require.NoError(t, rcv.Shutdown(t.Context()))
}

func TestOpenDoorIsWarnedOf(t *testing.T) {
	warnings := func(endpoint string) int {
		r := start(t, nil, func(cfg *Config) { cfg.HTTP.NetAddr.Endpoint = endpoint })
		return r.logs.FilterLevelExact(zapcore.WarnLevel).FilterMessageSnippet("http::auth").Len()
	}
	require.Equal(t, 0, warnings("127.0.0.1:0"))
	require.Equal(t, 1, warnings("0.0.0.0:0"))
}
