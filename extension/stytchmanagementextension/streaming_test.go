package stytchmanagementextension

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

const (
	other       = "project-test-22222222-2222-4222-8222-222222222222" // in no environment
	streamsPath = "/streaming/v1/streams"
	otherPath   = streamsPath + "/" + other + "/GRAFANA_LOKI"
	password    = "glc_0123456789"
)

func createOther() string {
	return `{"project_id":"` + other + `","destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":{"hostname":"loki.example.com","username":"123","password":"` + password + `"}}}`
}

// view decodes the member stream of an answer.
func (a answered) view(t *testing.T) streamView {
	t.Helper()
	require.Equal(t, http.StatusOK, a.StatusCode, a.text)
	var v oneStreamAnswer
	require.NoError(t, json.Unmarshal([]byte(a.text), &v))
	return v.Stream
}

// A project that no environment names has all calls by its id.
func TestStreamsByProjectID(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Equal(t, http.StatusNotFound, r.do(t, "GET", otherPath, "").StatusCode)
	created := r.do(t, "POST", streamsPath, createOther())
	require.NotContains(t, created.text, password)
	v := created.view(t)
	require.Equal(t, other, v.ProjectID)
	require.Equal(t, "DISABLED", v.StreamingStatus)
	require.Equal(t, maskedConfig{GrafanaLoki: &maskedLoki{"loki.example.com", "123", "6789"}}, v.DestinationConfig)
	require.Nil(t, v.Environment)
	require.False(t, v.Served)

	require.Equal(t, "ACTIVE", r.do(t, "POST", otherPath+"/enable", "").view(t).StreamingStatus)
	require.Equal(t, "ACTIVE", r.do(t, "POST", streamsPath, createOther()).view(t).StreamingStatus, "an identical create keeps the switch")
	require.Equal(t, http.StatusConflict, r.do(t, "POST", streamsPath, strings.Replace(createOther(), "123", "124", 1)).StatusCode)
	updated := r.do(t, "PUT", otherPath, `{"destination_config":{"grafana_loki":{"hostname":"loki2.example.com"}}}`).view(t)
	require.Equal(t, maskedConfig{GrafanaLoki: &maskedLoki{Hostname: "loki2.example.com"}}, updated.DestinationConfig)
	require.Equal(t, "ACTIVE", updated.StreamingStatus)
	require.Equal(t, "DISABLED", r.do(t, "POST", otherPath+"/disable", "").view(t).StreamingStatus)
	require.Equal(t, "DISABLED", r.do(t, "GET", otherPath, "").view(t).StreamingStatus)
	require.Equal(t, http.StatusOK, r.do(t, "DELETE", otherPath, "").StatusCode)
	require.Zero(t, r.Table().Len())

	for _, made := range r.control.audit() {
		require.Equal(t, "streaming", made.Through)
		require.Equal(t, testKeyID, made.Key)
	}
}

// Both ways lead to the same streams.
func TestBothFacesShowTheSame(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Equal(t, http.StatusOK, r.do(t, "POST", base, createBody).StatusCode)
	v := r.do(t, "POST", streamsPath+"/"+project+"/DATADOG/enable", "").view(t)
	require.Equal(t, &environmentView{"acme", "production"}, v.Environment)
	require.Equal(t, maskedDatadogOf("cdef", "US", "ACTIVE"), r.do(t, "GET", base+"/DATADOG", "").stream(t))
}

func TestWrongStreamsAreRefused(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	config := `"destination_config":{"datadog":{"api_key":"` + apiKey + `","site":"US"}}`
	for name, test := range map[string]struct{ body, message string }{
		"no project_id":       {`{"destination_type":"DATADOG",` + config + `}`, "project_id: is required"},
		"project_id a number": {`{"project_id":1,"destination_type":"DATADOG",` + config + `}`, "project_id: is required, a string"},
		"a strange project":   {`{"project_id":"acme","destination_type":"DATADOG",` + config + `}`, "project_id: must begin with project-live- or project-test-"},
		"no destination":      {`{"project_id":"` + other + `",` + config + `}`, "destination_type: is required"},
		"no config":           {`{"project_id":"` + other + `","destination_type":"DATADOG"}`, "destination_config: is required"},
		"another's config":    {`{"project_id":"` + other + `","destination_type":"GRAFANA_LOKI",` + config + `}`, "destination_config: must hold grafana_loki"},
		"no JSON":             {`project_id=1`, "body: "},
	} {
		t.Run(name, func(t *testing.T) {
			a := r.do(t, "POST", streamsPath, test.body)
			require.Equal(t, http.StatusBadRequest, a.StatusCode)
			require.Contains(t, a.json["error_message"], test.message)
		})
	}
	require.Zero(t, r.Table().Len())
}

// The list has both axes of a stream's status, and figures that add up.
func TestList(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Equal(t, http.StatusOK, r.do(t, "POST", base, createBody).StatusCode)
	require.Equal(t, http.StatusOK, r.do(t, "POST", streamsPath, createOther()).StatusCode)
	require.Equal(t, http.StatusOK, r.do(t, "POST", otherPath+"/enable", "").StatusCode)
	defer r.Attach(&fakeExporter{destination: managed.GrafanaLoki})()

	figures := r.Table().Stream(other, managed.GrafanaLoki).Figures
	arrived := time.Now().Add(-time.Minute)
	figures.Serve(func() time.Time { return arrived })
	figures.Received(10)
	figures.Delivered(6)
	figures.Dropped("disabled", 1)
	figures.Fails(managed.Held, managed.Failure{At: arrived, Code: 403, Text: "Forbidden"}, arrived.Add(time.Hour))

	list := func() []streamView {
		a := r.do(t, "GET", streamsPath, "")
		require.NotContains(t, a.text, apiKey)
		require.NotContains(t, a.text, password)
		var l streamsAnswer
		require.NoError(t, json.Unmarshal([]byte(a.text), &l))
		require.Len(t, l.Streams, 2)
		require.Equal(t, project, l.Streams[0].ProjectID, "by project id")
		return l.Streams
	}
	off, on := list()[0], list()[1]
	require.Equal(t, "DISABLED", off.StreamingStatus)
	require.Equal(t, managed.Idle, off.Delivery.Health)
	require.False(t, off.Served)
	require.Nil(t, off.Delivery.LastError)
	require.Equal(t, "ACTIVE", on.StreamingStatus)
	require.True(t, on.Served)
	d := on.Delivery
	require.Equal(t, managed.Held, d.Health)
	require.Equal(t, []int64{10, 6, 3}, []int64{d.Received, d.Delivered, d.Waiting})
	require.Equal(t, map[string]int64{"disabled": 1}, d.Dropped)
	require.Equal(t, failureView{arrived.UTC(), 403, "Forbidden"}, *d.LastError)
	require.True(t, d.OldestWaiting.Equal(arrived))
	require.True(t, d.NextAttempt.Equal(arrived.Add(time.Hour)))
	require.WithinDuration(t, time.Now(), *d.LastDelivery, time.Minute)

	figures.Works()
	d = list()[1].Delivery
	require.Equal(t, managed.OK, d.Health)
	require.Nil(t, d.LastError, "null once delivery works")
	require.Nil(t, d.NextAttempt)
}

func aThousand() *managed.Table {
	streams := make([]*managed.Stream, 1000)
	for i := range streams {
		streams[i] = &managed.Stream{
			ProjectID: fmt.Sprintf("project-live-%08d-0000-4000-8000-000000000000", i), Destination: managed.Datadog, Figures: managed.NewFigures(),
			Credentials: managed.Credentials{Datadog: &managed.DatadogCredentials{Site: "US", APIKey: configopaque.String(apiKey)}},
		}
	}
	return managed.NewTable(streams...)
}

func TestAThousandStreamsInOneAnswer(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	r.control.table.Store(aThousand())
	req := httptest.NewRequest(http.MethodGet, streamsPath, nil)
	req.SetBasicAuth(testKeyID, testSecret)
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	require.Equal(t, 1000, strings.Count(w.Body.String(), `"project_id"`))
	require.Less(t, w.Body.Len(), 1<<20)
	t.Logf("1,000 streams: %d bytes", w.Body.Len())
}

// fakeExporter answers what it is told to.
type fakeExporter struct {
	destination managed.Destination
	answer      managed.Answer
	checked     managed.Credentials
	event       string
	deadline    time.Time
}

func (x *fakeExporter) Destination() managed.Destination { return x.destination }

func (x *fakeExporter) Check(ctx context.Context, c managed.Credentials) managed.Answer {
	x.checked = c
	x.deadline, _ = ctx.Deadline()
	return x.answer
}

func (x *fakeExporter) Test(ctx context.Context, _ *managed.Stream, event string) managed.Answer {
	x.event = event
	x.deadline, _ = ctx.Deadline()
	return x.answer
}

// Credentials are checked before they are stored, and a stream's own at any time.
func TestCheck(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	body := strings.Replace(createOther(), `"project_id":"`+other+`",`, "", 1)
	require.Equal(t, http.StatusOK, r.do(t, "POST", streamsPath, createOther()).StatusCode)
	for path, body := range map[string]string{"/streaming/v1/check": body, otherPath + "/check": ""} {
		a := r.do(t, "POST", path, body)
		require.Equal(t, http.StatusConflict, a.StatusCode, "no exporter")
		require.Equal(t, "no_exporter", a.json["error_type"])
		require.Contains(t, a.json["error_message"], "exporters::loki::management")

		x := &fakeExporter{destination: managed.GrafanaLoki, answer: managed.Answer{Code: 401, Took: 1500 * time.Microsecond, Text: "no such user 123:" + password}}
		detach := r.Attach(x)
		a = r.do(t, "POST", path, body)
		require.Equal(t, http.StatusOK, a.StatusCode)
		require.Equal(t, map[string]any{"ok": false, "code": 401.0, "took_ms": 1.5, "text": "no such user 123:****"}, a.json["destination_answer"])
		require.Equal(t, configopaque.String(password), x.checked.Loki.Password)
		require.WithinRange(t, x.deadline, time.Now(), time.Now().Add(answerWithin))
		detach()
	}
	require.Equal(t, http.StatusBadRequest, r.do(t, "POST", "/streaming/v1/check", strings.Replace(body, "loki.example.com", "https://x", 1)).StatusCode)
	require.Equal(t, 1, r.Table().Len(), "a check stores nothing")
	require.Len(t, r.control.audit(), 1)
}

func TestTestEvent(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Equal(t, http.StatusNotFound, r.do(t, "POST", otherPath+"/test", "").StatusCode, "no stream")
	require.Equal(t, http.StatusOK, r.do(t, "POST", streamsPath, createOther()).StatusCode)
	require.Equal(t, http.StatusConflict, r.do(t, "POST", otherPath+"/test", "").StatusCode, "no exporter")

	x := &fakeExporter{destination: managed.GrafanaLoki, answer: managed.Answer{OK: true, Code: 204, Took: time.Millisecond}}
	defer r.Attach(x)()
	a := r.do(t, "POST", otherPath+"/test", "")
	require.Equal(t, map[string]any{"ok": true, "code": 204.0, "took_ms": 1.0, "text": ""}, a.json["destination_answer"])

	var event struct {
		ID        string `json:"event_id"`
		Project   string `json:"project_id"`
		Action    string `json:"action"`
		RequestID string `json:"request_id"`
		Micro     int64  `json:"_timestamp"`
		Milli     int64  `json:"timestamp"`
		Time      time.Time
	}
	require.NoError(t, json.Unmarshal([]byte(x.event), &event))
	require.Equal(t, a.json["event_id"], event.ID)
	require.Regexp(t, `^event-test-[0-9a-f-]{36}$`, event.ID)
	require.Regexp(t, `^request-id-test-[0-9a-f-]{36}$`, event.RequestID)
	require.Equal(t, other, event.Project)
	require.Equal(t, "otelcol_stytch.test", event.Action)
	require.Equal(t, event.Micro/1000, event.Milli)
	require.True(t, event.Time.Equal(time.UnixMilli(event.Milli)))
	var read stytch.Event
	require.NoError(t, read.Scan(x.event, nil), "the event model reads it")
	require.Equal(t, other, read.ProjectID)
	require.NotEqual(t, event.ID, r.do(t, "POST", otherPath+"/test", "").json["event_id"], "new ids")
}

func TestListUnconfigured(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Equal(t, []any{}, r.do(t, "GET", "/streaming/v1/unconfigured", "").json["unconfigured"])
	r.NoStream(other, managed.GrafanaLoki, 3)
	r.NoStream(other, managed.GrafanaLoki, 4)
	r.NoStream("", managed.Datadog, 1)
	names := func() (names []string) {
		for _, entry := range r.do(t, "GET", "/streaming/v1/unconfigured", "").json["unconfigured"].([]any) {
			u := entry.(map[string]any)
			names = append(names, u["project_id"].(string)+" "+u["destination_type"].(string)+" "+u["missing"].(string)+" "+strconv.Itoa(int(u["events"].(float64))))
		}
		return names
	}
	require.Equal(t, []string{other + " GRAFANA_LOKI stream 7", " DATADOG stream 1"}, names())

	require.Equal(t, http.StatusOK, r.do(t, "POST", streamsPath, createOther()).StatusCode)
	require.Equal(t, []string{" DATADOG stream 1"}, names(), "it has a stream now, and no events since")
	r.Table().Stream(other, managed.GrafanaLoki).Figures.Received(5)
	require.Equal(t, []string{other + " GRAFANA_LOKI environment 5", " DATADOG stream 1"}, names())
}

func TestAudit(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Equal(t, []any{}, r.do(t, "GET", "/streaming/v1/audit", "").json["audit"])
	require.Equal(t, http.StatusOK, r.do(t, "POST", base, createBody).StatusCode)
	enabled := r.do(t, "POST", streamsPath+"/"+project+"/DATADOG/enable", "")
	a := r.do(t, "GET", "/streaming/v1/audit", "")
	require.NotContains(t, a.text, apiKey)
	audit := a.json["audit"].([]any)
	require.Len(t, audit, 2)
	latest, first := audit[0].(map[string]any), audit[1].(map[string]any)
	require.Equal(t, "enable", latest["action"])
	require.Equal(t, "streaming", latest["through"])
	require.Equal(t, enabled.json["request_id"], latest["request_id"])
	require.Equal(t, "DISABLED", latest["from"].(map[string]any)["streaming_status"])
	require.Equal(t, "ACTIVE", latest["to"].(map[string]any)["streaming_status"])
	require.Equal(t, "create", first["action"])
	require.Equal(t, "pwa", first["through"])
	require.Nil(t, first["from"])
}
