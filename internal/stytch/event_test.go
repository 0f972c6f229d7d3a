package stytch

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

func scan(t *testing.T, text string) *Event {
	t.Helper()
	var e Event
	require.NoError(t, e.Scan(text, nil))
	return &e
}

func TestScan(t *testing.T) {
	for text, want := range map[string]Event{
		`{}`:                                               {},
		" \t\r\n{ } \n":                                    {},
		`{"event_id":"a"}`:                                 {ID: "a"},
		`{"event_id":"a","event_id":"b"}`:                  {ID: "b"},
		`{"event_id":"a","event_id":1}`:                    {},
		`{"event_id":"a","event_id":null}`:                 {},
		`{"Event_ID":"a"}`:                                 {},
		`{"\u0065vent_id":"a\nb"}`:                         {ID: "a\nb"},
		`{"x":{"event_id":"a"},"y":[{"action":"b"}]}`:      {},
		`{"action":"A","x":{"action":"B"}}`:                {Action: "A"},
		`{"status":"Error","http_status_code":404}`:        {Status: "Error", HTTPStatusCode: 404, HasHTTPStatusCode: true},
		`{"http_status_code":404.0}`:                       {},
		`{"http_status_code":4e2}`:                         {},
		`{"http_status_code":"404"}`:                       {},
		`{"http_status_code":12345678901234567890}`:        {},
		`{"http_status_code":-9223372036854775808}`:        {HTTPStatusCode: -1 << 63, HasHTTPStatusCode: true},
		`{"http_status_code":9223372036854775808}`:         {},
		`{"request_id":"é","project_id":"project-live-1"}`: {RequestID: "é", ProjectID: "project-live-1", ProjectIDs: 1},
		`{"project_id":"a","project\u005fid":7}`:           {ProjectIDs: 2},
		`{"source":"DIRECT","object_type":"user"}`:         {Source: "DIRECT", ObjectType: "user"},
	} {
		require.Equal(t, want, *scan(t, text), text)
	}
}

func TestScanRefusesWhatIsNotOneObject(t *testing.T) {
	for text, want := range map[string]string{
		``:                 "invalid JSON at byte 0: want an object",
		`[]`:               "invalid JSON at byte 0: want an object",
		`{} {}`:            "invalid JSON at byte 3: text after the object",
		`{"event_id":`:     "invalid JSON at byte 12: a value is missing",
		"{\"a\":\"\xff\"}": "invalid JSON at byte 6: the string is not valid UTF-8",
		"\ufeff{}":         "invalid JSON at byte 0: want an object",
	} {
		var e Event
		require.EqualError(t, e.Scan(text, nil), want, text)
	}
}

func TestScanForgetsTheLastEvent(t *testing.T) {
	fields := Fields([]string{"user_id"})
	e := scan(t, `{"event_id":"a","status":"Success","http_status_code":200,"time":"2026-03-01T00:00:00Z"}`)
	require.NoError(t, e.Scan(`{"user_id":"u"}`, fields))
	require.NoError(t, e.Scan(`{}`, fields))
	lr := plog.NewLogRecord()
	e.Record(lr, fields)
	require.Zero(t, lr.Attributes().Len())
	require.Empty(t, lr.SeverityText()+lr.EventName())
	require.Zero(t, e.Time())
}

func TestTime(t *testing.T) {
	at := func(s string) pcommon.Timestamp {
		parsed, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return pcommon.NewTimestampFromTime(parsed)
	}
	for text, want := range map[string]pcommon.Timestamp{
		`{"_timestamp":1772366400123456,"timestamp":1,"time":"1999-01-01T00:00:00Z"}`: at("2026-03-01T12:00:00.123456Z"),
		`{"timestamp":1772366400123,"time":"1999-01-01T00:00:00Z"}`:                   at("2026-03-01T12:00:00.123Z"),
		`{"timestamp":"2026-03-01T13:00:00.123456789+01:00"}`:                         at("2026-03-01T12:00:00.123456789Z"),
		`{"time":"2026-03-01T12:00:00.123Z"}`:                                         at("2026-03-01T12:00:00.123Z"),
		`{"_timestamp":"1772366400123456","timestamp":1772366400123}`:                 at("2026-03-01T12:00:00.123Z"),
		`{"_timestamp":1.772366400123456e15,"timestamp":1772366400123}`:               at("2026-03-01T12:00:00.123Z"),
		`{"_timestamp":0,"time":"2026-03-01T12:00:00Z"}`:                              at("2026-03-01T12:00:00Z"),
		`{"_timestamp":-5,"time":"2026-03-01T12:00:00Z"}`:                             at("2026-03-01T12:00:00Z"),
		`{"_timestamp":9223372036854776,"time":"2026-03-01T12:00:00Z"}`:               at("2026-03-01T12:00:00Z"),
		`{"_timestamp":9223372036854775}`:                                             9223372036854775000,
		`{"time":"2262-04-11T23:47:16.854775807Z"}`:                                   9223372036854775807,
		`{"time":"2262-04-11T23:47:16.854775808Z"}`:                                   0,
		`{"time":"1969-12-31T23:59:59Z"}`:                                             0,
		`{"time":"0001-01-01T00:00:00Z"}`:                                             0,
		`{"time":"yesterday"}`:                                                        0,
		`{"time":null,"timestamp":true,"_timestamp":[1]}`:                             0,
		`{}`: 0,
	} {
		require.Equal(t, want, scan(t, text).Time(), text)
	}
}

func TestRecord(t *testing.T) {
	fields := Fields([]string{"organization_id", "n", "big", "ok", "tags", "none"})
	var e Event
	require.NoError(t, e.Scan(`{"event_id":"event-live-1","action":"GetUser","status":"Error","http_status_code":404,
		"request_id":"r","organization_id":"organ\u0069zation-1","n":7,"big":1.50,"ok":true,"tags":["a"],"none":null}`, fields))
	lr := plog.NewLogRecord()
	e.Record(lr, fields)
	require.Equal(t, map[string]any{
		"stytch.event_id": "event-live-1", "stytch.action": "GetUser", "stytch.status": "Error",
		"stytch.request_id": "r", "http.response.status_code": int64(404),
		"stytch.organization_id": "organization-1", "stytch.n": int64(7), "stytch.big": "1.50",
		"stytch.ok": true, "stytch.tags": `["a"]`,
	}, lr.Attributes().AsRaw())
	require.Equal(t, "GetUser", lr.EventName())
	require.Equal(t, "Error", lr.SeverityText())
	require.Equal(t, plog.SeverityNumberWarn, lr.SeverityNumber())
}

func TestSeverity(t *testing.T) {
	for text, want := range map[string]plog.SeverityNumber{
		`{"status":"Start"}`:                          plog.SeverityNumberInfo,
		`{"status":"success","http_status_code":200}`: plog.SeverityNumberInfo,
		`{"status":"Error","http_status_code":400}`:   plog.SeverityNumberWarn,
		`{"status":"ERROR","http_status_code":499}`:   plog.SeverityNumberWarn,
		`{"status":"Error","http_status_code":500}`:   plog.SeverityNumberError,
		`{"status":"Error"}`:                          plog.SeverityNumberError,
		`{"status":"Pending"}`:                        plog.SeverityNumberUnspecified,
	} {
		require.Equal(t, want, scan(t, text).severity(), text)
	}
}

func TestEventName(t *testing.T) {
	for text, want := range map[string]string{
		`{"action":"GetUser"}`: "GetUser",
		`{"action":"CREATE","object_type":"member","source":"DASHBOARD"}`:   "dashboard.member.create",
		`{"action":"MEMBER_ADD","object_type":"idp_group","source":"SCIM"}`: "scim.idp_group.member_add",
		`{"action":"GetUser","source":"DIRECT"}`:                            "GetUser",
		`{}`:                                                                "",
	} {
		require.Equal(t, want, scan(t, text).EventName(), text)
	}
}

func TestResource(t *testing.T) {
	for id, want := range map[string]map[string]any{
		"project-live-1": {AttrProjectID: "project-live-1", AttrEnvironment: "live"},
		"project-test-1": {AttrProjectID: "project-test-1", AttrEnvironment: "test"},
		"other":          {AttrProjectID: "other"},
		"":               {},
	} {
		attrs := pcommon.NewMap()
		(&Event{ProjectID: id}).Resource(attrs)
		require.Equal(t, want, attrs.AsRaw(), id)
	}
}

// oracle reads the same fields by encoding/json, as slowly as it likes.
func oracle(text string) (e Event, ok bool) {
	var root map[string]json.RawMessage
	if !utf8.ValidString(text) || json.Unmarshal([]byte(text), &root) != nil || root == nil {
		return e, false
	}
	str := func(key string) (s string) {
		if raw := root[key]; len(raw) > 0 && raw[0] == '"' {
			_ = json.Unmarshal(raw, &s)
		}
		return s
	}
	e = Event{
		ID: str("event_id"), ProjectID: str("project_id"), Action: str("action"), Status: str("status"),
		RequestID: str("request_id"), Source: str("source"), ObjectType: str("object_type"),
		micros: string(root["_timestamp"]), millis: string(root["timestamp"]), rfc3339: string(root["time"]),
		promoted: []string{string(root["user_id"])},
	}
	decoder := json.NewDecoder(strings.NewReader(text)) // a map has one of two members
	for _, _ = decoder.Token(); decoder.More(); {
		if key, _ := decoder.Token(); key == "project_id" {
			e.ProjectIDs++
		}
		_ = decoder.Decode(new(json.RawMessage))
	}
	if raw := root["http_status_code"]; raw != nil && string(raw) != "null" {
		e.HasHTTPStatusCode = json.Unmarshal(raw, &e.HTTPStatusCode) == nil
		if !e.HasHTTPStatusCode {
			e.HTTPStatusCode = 0
		}
	}
	return e, true
}

func FuzzScanAgreesWithEncodingJSON(f *testing.F) {
	for _, text := range []string{
		sample, `{}`, `{"event_id":"a","event_id":{"event_id":"b"}}`, `{"project_id":"a","project_id":{"project_id":"b"}}`, `{"\u0061ction":"\ud83d\ude00","time":"\u0032"}`,
		`{"http_status_code":1e2,"_timestamp":12345678901234567890,"user_id":[1,{"a":null}]}`, `{"status":"é"} `, `[]`, `null`,
		strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50), "{\"status\":\"\xff\"}",
	} {
		f.Add(text)
	}
	fields := Fields([]string{"user_id"})
	f.Fuzz(func(t *testing.T, text string) {
		var got Event
		err := got.Scan(text, fields)
		want, ok := oracle(text)
		require.Equal(t, ok, err == nil, "%q: %v", text, err)
		if ok {
			require.Equal(t, want, got, "%q", text)
		}
	})
}

// What a Loki push holds is read by the quotes that its line had: as without.
func FuzzScanIndexedAgreesWithScan(f *testing.F) {
	for _, text := range []string{sample, `{"a":["b"],"action":"c"}`, `{"action":"\u0065"}`, `{"status":"é"}`, `{"status":"x"`, `{"status"}`} {
		f.Add(jsonscan.AppendQuoted(nil, text))
	}
	fields := Fields([]string{"user_id"})
	f.Fuzz(func(t *testing.T, quoted []byte) {
		text, _, err := jsonscan.AppendString(nil, quoted, 0)
		if err != nil {
			return
		}
		line, index, _, err := jsonscan.AppendIndexed(nil, make(jsonscan.QuoteIndex, 0, len(quoted)), quoted, 0)
		require.NoError(t, err)
		var want, got Event
		wantErr := want.Scan(string(text), fields)
		require.Equal(t, wantErr, got.ScanIndexed(string(line), index, fields), "%q", text)
		require.Equal(t, want, got, "%q", text)
	})
}

// sample is an event of the usual size, about 855 bytes.
const sample = `{"_timestamp":1772366400123456,"timestamp":1772366400123,"time":"2026-03-01T12:00:00.123Z","event_id":"event-live-3f0c8c1e-52b1-4d0a-9f6e-2a7d1c9b8e10","project_id":"project-live-8a4f1b6c-0d3e-4c57-b1a2-6f9e7d5c3b21","project_name":"Acme Identity","action":"MultiTenantSessionsAuthenticate","status":"Success","http_status_code":200,"request_id":"request-id-live-b7d2e9f0-1c3a-4b5d-8e6f-7a9b0c1d2e3f","severity":"info","organization_id":"organization-live-1d2c3b4a-5f6e-4789-9abc-def012345678","member_id":"member-live-0f1e2d3c-4b5a-4697-8877-665544332211","user_id":"","member_session_id":"member-session-live-99887766-5544-4332-a110-ffeeddccbbaa","session_token_hash":"q0Vb7xkTn1mYc3ZrS9dLwEuH5gJfA2iPoNt8XzQeR4s=","session_jwt_hash":"","session_duration_minutes":60,"email_address":"ada@example.com","user_agent":["Stytch Go v16.20.0"],"verdict_reasons":""}`

func BenchmarkScan(b *testing.B) {
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(sample)))
		var e Event
		for b.Loop() {
			if err := e.Scan(sample, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(sample)))
		text := []byte(sample)
		for b.Loop() {
			var e struct {
				ID             string `json:"event_id"`
				ProjectID      string `json:"project_id"`
				Action         string `json:"action"`
				Status         string `json:"status"`
				RequestID      string `json:"request_id"`
				Source         string `json:"source"`
				ObjectType     string `json:"object_type"`
				HTTPStatusCode int64  `json:"http_status_code"`
				Micros         int64  `json:"_timestamp"`
				Millis         int64  `json:"timestamp"`
				RFC3339        string `json:"time"`
			}
			if err := json.Unmarshal(text, &e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestScanAllocatesNothing(t *testing.T) {
	var e Event
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = e.Scan(sample, nil) }))
}
