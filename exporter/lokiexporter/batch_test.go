package lokiexporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
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

// batch is what is sent of ld.
func batch(t testing.TB, ld plog.Logs, cfg *Config) *payload.Cursor {
	t.Helper()
	w, err := cfg.encoder()
	require.NoError(t, err)
	return payload.NewCursor(w.encode(ld, newLabelMapping(cfg), now))
}

// requests are those of a batch.
func requests(t *testing.T, b *payload.Cursor) (payloads []string) {
	t.Helper()
	for lo := 0; lo < b.Len(); {
		var p payload.Payload
		next, err := b.NextPayload(&p, lo, b.Len())
		require.NoError(t, err)
		require.Greater(t, next, lo)
		text, err := p.AppendPlain(nil)
		require.NoError(t, err)
		payloads, lo = append(payloads, string(text)), next
	}
	return payloads
}

// known is what is known of the records of a batch.
func known(b *payload.Cursor) (records []payload.Record) {
	b.Each(0, b.Len(), func(some []payload.Record) { records = append(records, some...) })
	return records
}

func defaults() *Config { return createDefaultConfig().(*Config) }

// Each request is of one stream: of more, Loki does not tell whether all were
// stored.
func TestEachStreamIsARequest(t *testing.T) {
	ld := plog.NewLogs()
	add(ld, "stytch", "stytch.auth", 5, `{"a":"é\n\u00e9"}`, "second")
	add(ld, "", "", 1, "bare")
	add(ld, "stytch", "stytch.auth", 3, "earlier")
	b := batch(t, ld, defaults())
	require.Equal(t, []string{
		`{"streams":[{"stream":{"service_name":"stytch.auth","source":"stytch"},"values":[["3","earlier"],["5","{\"a\":\"é\\n\\u00e9\"}"],["6","second"]]}]}`,
		`{"streams":[{"stream":{"service_name":"unknown_service"},"values":[["1","bare"]]}]}`,
	}, requests(t, b))
	var positions []uint32
	for _, record := range known(b) {
		positions = append(positions, record.Position)
	}
	require.Equal(t, []uint32{3, 0, 1, 2}, positions)
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
	}, requests(t, batch(t, ld, cfg)))
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
	require.NoError(t, r.DecodeJSON([]byte(requests(t, batch(t, ld, cfg))[0])))
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
	sent := known(batch(t, ld, defaults()))
	require.Equal(t, []int64{7, now.UnixNano(), math.MaxInt64}, []int64{sent[0].At, sent[1].At, sent[2].At})
}

func TestWindow(t *testing.T) {
	at := func(d time.Duration) pcommon.Timestamp { return pcommon.NewTimestampFromTime(now.Add(d)) }
	ld := plog.NewLogs()
	add(ld, "", "", at(-maxAge-1), "too old", "just not")
	add(ld, "", "", at(maxAhead), "just not", "too new")
	w, err := defaults().encoder()
	require.NoError(t, err)
	all := w.encode(ld, newLabelMapping(defaults()), now)
	require.Equal(t, 4, all.ItemsCount(), "sent by default")
	within, before, after, err := outside(all, now)
	require.NoError(t, err)
	require.Equal(t, 1, before)
	require.Equal(t, 1, after)
	require.Equal(t, []int{1, 2}, slices.Collect(within.Positions()))
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
	for _, encoding := range receiverEncodings {
		cfg.Encoding = encoding
		var all [][]string
		for _, order := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 3, 1, 0, 2, 4}, {2, 0, 4, 5, 1, 3}} {
			all = append(all, requests(t, batch(t, build(order), cfg)))
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
	for _, encoding := range receiverEncodings {
		cfg := defaults()
		cfg.Encoding = encoding
		payloads := requests(t, batch(t, ld, cfg))
		require.Len(t, payloads, 6, "eight or nine lines of 100,000 bytes fit")
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
		for _, payload := range requests(t, batch(t, ld, cfg)) {
			require.True(t, json.Valid([]byte(payload)))
			fmt.Fprintf(&out, "# %s\n%s\n", e.Name, payload)
		}
	}
	testdata.Golden(t, "loki.txt", out.Bytes())
}
