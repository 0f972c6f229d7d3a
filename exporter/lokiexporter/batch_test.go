package lokiexporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// add appends a resource with the labels and records of these bodies, whose
// timestamps go up by a nanosecond from at.
func add(ld plog.Logs, source, service string, at pcommon.Timestamp, bodies ...string) {
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
}

func encode(t *testing.T, ld plog.Logs) string {
	t.Helper()
	b := newBatch(ld)
	payload, next := b.Append(nil, 0, b.Len())
	require.Equal(t, b.Len(), next)
	require.True(t, json.Valid(payload))
	return string(payload)
}

func TestEncode(t *testing.T) {
	ld := plog.NewLogs()
	add(ld, "stytch", "stytch.auth", 5, `{"a":"é\n\u00e9"}`, "tab\t \"quoted\"")
	add(ld, "", "", 1, "bare")
	add(ld, "stytch", "stytch.auth", 3, "earlier")
	require.Equal(t, `{"streams":[`+
		`{"stream":{"source":"stytch","service_name":"stytch.auth"},"values":[["3","earlier"],["5","{\"a\":\"é\\n\\u00e9\"}"],["6","tab\t \"quoted\""]]},`+
		`{"stream":{"service_name":"unknown_service"},"values":[["1","bare"]]}]}`, encode(t, ld))
	require.Equal(t, []int{3, 0, 1, 2}, newBatch(ld).positions())
}

func TestTimestampFallsBackToTheObserved(t *testing.T) {
	ld := plog.NewLogs()
	add(ld, "", "", 0, "x")
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetObservedTimestamp(7)
	require.Contains(t, encode(t, ld), `["7","x"]`)
}

func TestRequestsAreWithinTheLimit(t *testing.T) {
	ld := plog.NewLogs()
	for i := range 50 {
		add(ld, fmt.Sprint("s", i%2), "x", pcommon.Timestamp(i+1), strings.Repeat("y", 100_000))
	}
	b := newBatch(ld)
	var entries, requests int
	for lo := 0; lo < b.Len(); requests++ {
		payload, next := b.Append(nil, lo, b.Len())
		require.LessOrEqual(t, len(payload), maxRequest)
		var r lokipush.Request
		require.NoError(t, r.DecodeJSON(payload))
		require.Equal(t, next-lo, r.Entries())
		entries += r.Entries()
		lo = next
	}
	require.Equal(t, 50, entries)
	require.Equal(t, 5, requests, "ten lines of 100,000 bytes fit")
}

func TestGoldenLoki(t *testing.T) {
	var out bytes.Buffer
	for i, e := range append(testdata.Events(), testdata.OtherLines()...) {
		ld := plog.NewLogs()
		add(ld, "stytch", "stytch.auth", 1772366400123456000+pcommon.Timestamp(i), e.JSON)
		fmt.Fprintf(&out, "# %s\n%s\n", e.Name, encode(t, ld))
	}
	testdata.Golden(t, "loki.txt", out.Bytes())
}

// What the exporter writes, the Loki door reads back byte for byte.
func FuzzRoundTrip(f *testing.F) {
	for _, e := range testdata.Events() {
		f.Add(e.JSON, "stytch", uint32(1))
	}
	f.Add("\x00 \x1f \u2028", "a\"b", uint32(7))
	f.Fuzz(func(t *testing.T, line, source string, at uint32) {
		line, source = string([]rune(line)), string([]rune(source)) // JSON holds no invalid UTF-8
		if at == 0 {
			at = 1
		}
		ld := plog.NewLogs()
		add(ld, source, "stytch.auth", pcommon.Timestamp(at), line, line)
		var r lokipush.Request
		require.NoError(t, r.DecodeJSON([]byte(encode(t, ld))))
		want := []lokipush.Label{{Name: "source", Value: source}, {Name: "service_name", Value: "stytch.auth"}}
		if source == "" {
			want = want[1:]
		}
		require.Len(t, r.Streams, 1)
		require.Equal(t, lokipush.Stream{Labels: want, Entries: []lokipush.Entry{
			{Timestamp: int64(at), Line: line}, {Timestamp: int64(at) + 1, Line: line},
		}}, r.Streams[0])
	})
}

func BenchmarkEncode(b *testing.B) {
	ld := plog.NewLogs()
	event := testdata.Events()[0].JSON
	for range 1000 {
		add(ld, "stytch", "stytch.auth", 1, event)
	}
	batch := newBatch(ld)
	buf, n := batch.Append(nil, 0, 1000)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = batch.Append(buf[:0], 0, n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
}
