package lokiexporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// add appends a resource with the labels and records of these bodies, whose
// timestamps go up by a nanosecond from at.
func add(ld plog.Logs, source, service string, at pcommon.Timestamp, bodies ...string) plog.LogRecordSlice {
	rl := ld.ResourceLogs().AppendEmpty()
	if source != "" {
		rl.Resource().Attributes().PutStr("source", source)
	}
	if service != "" {
		rl.Resource().Attributes().PutStr("service.name", service)
	}
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i, body := range bodies {
		lr := records.AppendEmpty()
		lr.Body().SetStr(body)
		lr.SetTimestamp(at + pcommon.Timestamp(i))
	}
	return records
}

var now = time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)

func jsonBatch(ld plog.Logs, cfg *Config) *batch {
	b, _, _ := newBatch(ld, newScheme(cfg), lokipush.JSON, now, always)
	b.maxRequest = cfg.MaxRequestBytes
	return b
}

// requests are those of a batch.
func requests(t *testing.T, b *batch) (payloads []string) {
	t.Helper()
	for lo := 0; lo < b.Len(); {
		payload, next := b.Append(nil, lo, b.Len())
		require.Greater(t, next, lo)
		payloads, lo = append(payloads, string(payload)), next
	}
	return payloads
}

func defaults() *Config { return createDefaultConfig().(*Config) }

// Each request is of one stream: of more, Loki does not tell whether all were
// stored.
func TestEachStreamIsARequest(t *testing.T) {
	ld := plog.NewLogs()
	add(ld, "stytch", "stytch.auth", 5, `{"a":"é\n\u00e9"}`, "second")
	add(ld, "", "", 1, "bare")
	add(ld, "stytch", "stytch.auth", 3, "earlier")
	b := jsonBatch(ld, defaults())
	require.Equal(t, []string{
		`{"streams":[{"stream":{"service_name":"stytch.auth","source":"stytch"},"values":[["3","earlier"],["5","{\"a\":\"é\\n\\u00e9\"}"],["6","second"]]}]}`,
		`{"streams":[{"stream":{"service_name":"unknown_service"},"values":[["1","bare"]]}]}`,
	}, requests(t, b))
	require.Equal(t, []int{3, 0, 1, 2}, b.records)
}

func TestLabelsAndStructuredMetadata(t *testing.T) {
	cfg := defaults()
	cfg.Labels = Labels{"action": "stytch.action", "env": "deployment.environment.name", "code": "http.response.status_code", "zone": "none"}
	cfg.StructuredMetadata = StructuredMetadata{"stytch.request_id", "http.response.status_code", "stytch.empty", "deployment.environment.name2"}
	ld := plog.NewLogs()
	records := add(ld, "stytch", "stytch.auth", 1, "a", "b", "c")
	ld.ResourceLogs().At(0).Resource().Attributes().PutStr("deployment.environment.name", "live")
	for i, action := range []string{"Login", "", "Login"} {
		attributes := records.At(i).Attributes()
		attributes.PutStr("stytch.action", action)
		attributes.PutStr("stytch.request_id", fmt.Sprint("r", i))
		attributes.PutStr("stytch.empty", "")
		attributes.PutInt("http.response.status_code", 200)
		attributes.PutStr("source", "not the stream's")
	}
	records.At(1).Attributes().PutStr("deployment.environment.name", "test")
	require.Equal(t, []string{
		`{"streams":[{"stream":{"action":"Login","code":"200","env":"live","service_name":"stytch.auth","source":"stytch"},"values":[` +
			`["1","a",{"http_response_status_code":"200","stytch_request_id":"r0"}],["3","c",{"http_response_status_code":"200","stytch_request_id":"r2"}]]}]}`,
		`{"streams":[{"stream":{"code":"200","env":"test","service_name":"stytch.auth","source":"stytch"},"values":[` +
			`["2","b",{"http_response_status_code":"200","stytch_request_id":"r1"}]]}]}`,
	}, requests(t, jsonBatch(ld, cfg)))
}

// What Loki would refuse a line for is made to fit, and shows where it is cut.
func TestValuesAreMadeToFit(t *testing.T) {
	cfg := defaults()
	cfg.Labels = Labels{"l": "long"}
	cfg.StructuredMetadata = StructuredMetadata{"first", "huge", "long", "odd"}
	ld := plog.NewLogs()
	attributes := add(ld, "x", "x", 1, "bad \xff line").At(0).Attributes()
	attributes.PutStr("long", strings.Repeat("é", 2000))
	attributes.PutStr("huge", strings.Repeat("x", lokipush.MaxMetadataBytes))
	attributes.PutStr("odd", "\xff")
	attributes.PutStr("first", "1")
	var r lokipush.Request
	require.NoError(t, r.DecodeJSON([]byte(requests(t, jsonBatch(ld, cfg))[0])))
	label := r.Streams[0].Labels[0].Value
	require.LessOrEqual(t, len(label), lokipush.MaxLabelValue)
	require.Equal(t, strings.Repeat("é", 1022)+"…", label)
	require.Equal(t, lokipush.Entry{Timestamp: 1, Line: "bad \ufffd line", Metadata: []lokipush.Label{
		{Name: "first", Value: "1"}, {Name: "long", Value: strings.Repeat("é", 2000)}, {Name: "odd", Value: "\ufffd"},
	}}, r.Streams[0].Entries[0])
}

func TestTimestamps(t *testing.T) {
	ld := plog.NewLogs()
	records := add(ld, "", "", 0, "observed", "none", "far")
	records.At(0).SetObservedTimestamp(7)
	records.At(1).SetTimestamp(0)
	records.At(2).SetTimestamp(math.MaxUint64)
	lines := jsonBatch(ld, defaults()).lines
	require.Equal(t, []int64{7, now.UnixNano(), math.MaxInt64}, []int64{lines[0].Timestamp, lines[1].Timestamp, lines[2].Timestamp})
}

func TestWindow(t *testing.T) {
	at := func(d time.Duration) pcommon.Timestamp { return pcommon.NewTimestampFromTime(now.Add(d)) }
	ld := plog.NewLogs()
	add(ld, "", "", at(-maxAge-1), "too old", "just not")
	add(ld, "", "", at(maxAhead), "just not", "too new")
	b, before, after := newBatch(ld, newScheme(defaults()), lokipush.JSON, now, defaultWindow(now))
	require.Equal(t, 1, before)
	require.Equal(t, 1, after)
	require.Equal(t, []int{1, 2}, b.records)
	require.Len(t, b.streams, 1)
	require.Equal(t, 4, jsonBatch(ld, defaults()).Len(), "sent by default")
}

// The same records in another order are the same requests, but for those of one
// instant, which stay in the order they came in.
func TestTheOrderOfRecordsDoesNotMatter(t *testing.T) {
	cfg := defaults()
	cfg.Labels = Labels{"action": "stytch.action"}
	cfg.StructuredMetadata = StructuredMetadata{"stytch.request_id", "stytch.status"}
	build := func(order []int) plog.Logs {
		ld := plog.NewLogs()
		for _, n := range order {
			attributes := add(ld, "stytch", "stytch.auth", pcommon.Timestamp(n+1), fmt.Sprint("line ", n)).At(0).Attributes()
			names := []string{"stytch.action", "stytch.request_id", "stytch.status"}
			for i := range names {
				name := names[(i+order[0])%len(names)] // the order of attributes neither
				attributes.PutStr(name, fmt.Sprint(name, n%2))
			}
		}
		return ld
	}
	for _, encoding := range []lokipush.Encoding{lokipush.JSON, lokipush.Protobuf} {
		var all [][]string
		for _, order := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 3, 1, 0, 2, 4}, {2, 0, 4, 5, 1, 3}} {
			b, _, _ := newBatch(build(order), newScheme(cfg), encoding, now, always)
			b.maxRequest = 1 << 20
			all = append(all, requests(t, b))
		}
		require.ElementsMatch(t, all[0], all[1])
		require.ElementsMatch(t, all[0], all[2])
		require.Len(t, all[0], 2)
	}
}

func TestRequestsAreWithinTheLimit(t *testing.T) {
	ld := plog.NewLogs()
	for i := range 50 {
		add(ld, fmt.Sprint("s", i%2), "x", pcommon.Timestamp(i+1), strings.Repeat("y", 100_000))
	}
	for _, encoding := range []lokipush.Encoding{lokipush.JSON, lokipush.Protobuf} {
		b, _, _ := newBatch(ld, newScheme(defaults()), encoding, now, always)
		b.maxRequest = 1_000_000
		payloads := requests(t, b)
		require.Len(t, payloads, 6, "nine lines of 100,000 bytes fit")
		for _, payload := range payloads {
			require.LessOrEqual(t, len(payload), 1_000_000)
		}
	}
}

func TestGoldenLoki(t *testing.T) {
	cfg := defaults()
	cfg.Labels = Labels{"action": "stytch.action"}
	cfg.StructuredMetadata = StructuredMetadata{"stytch.event_id"}
	var out bytes.Buffer
	for i, e := range append(testdata.Events(), testdata.OtherLines()...) {
		ld := plog.NewLogs()
		attributes := add(ld, "stytch", "stytch.auth", 1772366400123456000+pcommon.Timestamp(i), e.JSON).At(0).Attributes()
		attributes.PutStr("stytch.action", e.Name)
		attributes.PutStr("stytch.event_id", fmt.Sprint("event-", i))
		for _, payload := range requests(t, jsonBatch(ld, cfg)) {
			require.True(t, json.Valid([]byte(payload)))
			fmt.Fprintf(&out, "# %s\n%s\n", e.Name, payload)
		}
	}
	testdata.Golden(t, "loki.txt", out.Bytes())
}
