package datadoglogsexporter

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// message returns one record with a body by which nothing is known of it.
func message(resource map[string]any, edit func(plog.LogRecord)) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	if err := rl.Resource().Attributes().FromRaw(resource); err != nil {
		panic(err)
	}
	edit(rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	return ld
}

func TestMessages(t *testing.T) {
	for name, tc := range map[string]struct {
		resource map[string]any
		edit     func(plog.LogRecord)
		want     string
	}{
		"nothing": {nil, func(plog.LogRecord) {}, `{"message":""}`},
		"values of every type": {nil, func(lr plog.LogRecord) {
			lr.Body().SetStr("m")
			a := lr.Attributes()
			a.PutStr("s", "\"\xff")
			a.PutInt("i", math.MinInt64)
			a.PutDouble("d", 1e21)
			a.PutDouble("whole", 3)
			a.PutDouble("nan", math.NaN())
			a.PutDouble("inf", math.Inf(-1))
			a.PutBool("b", true)
			a.PutEmptyBytes("bytes").FromRaw([]byte{0, 1, 255})
			a.PutEmpty("null")
			m := a.PutEmptyMap("map")
			m.PutStr("k", "v")
			m.PutEmptySlice("list").AppendEmpty().SetInt(1)
			m.PutEmptyMap("empty")
		}, `{"message":"m","s":"\"` + "\uFFFD" + `","i":-9223372036854775808,"d":1e+21,"whole":3,"nan":"NaN","inf":"-Inf","b":true,` +
			`"bytes":"AAH/","null":null,"map":{"k":"v","list":[1],"empty":{}}}`},
		"a number as the body": {nil, func(lr plog.LogRecord) { lr.Body().SetDouble(1.5) }, `{"message":"1.5"}`},
		"a list as the body": {nil, func(lr plog.LogRecord) {
			lr.Body().SetEmptySlice().AppendEmpty().SetStr("a")
		}, `{"message":"[\"a\"]"}`},
		"level, date, trace": {map[string]any{"service.name": "shop"}, func(lr plog.LogRecord) {
			lr.Body().SetStr("m")
			lr.SetSeverityNumber(plog.SeverityNumberWarn2)
			lr.SetSeverityText("WARNING")
			lr.SetTimestamp(1772366400123456789)
			lr.SetObservedTimestamp(1)
			lr.SetTraceID(pcommon.TraceID{0: 0x5b, 8: 0x80, 15: 1})
			lr.SetSpanID(pcommon.SpanID{7: 10})
		}, `{"message":"m","status":"warn","timestamp":1772366400123,` +
			`"dd.trace_id":"9223372036854775809","otel.trace_id":"5b000000000000008000000000000001",` +
			`"dd.span_id":"10","otel.span_id":"000000000000000a","service":"shop","ddtags":"service:shop"}`},
		"level and date otherwise": {nil, func(lr plog.LogRecord) {
			lr.Body().SetStr("m")
			lr.SetSeverityText("NOTICE")
			lr.SetObservedTimestamp(5_000_000)
		}, `{"message":"m","status":"NOTICE","timestamp":5}`},
		"ours win": {
			map[string]any{"service.name": "shop", "source": "go", "deployment.environment.name": "prod", "ddtags": "x", "a": "resource"},
			func(lr plog.LogRecord) {
				lr.Body().SetStr("m")
				lr.SetSeverityNumber(plog.SeverityNumberInfo)
				lr.SetTimestamp(1_000_000)
				for _, k := range []string{"message", "status", "timestamp", "ddsource", "service", "ddtags", "a"} {
					lr.Attributes().PutStr(k, "record")
				}
			}, `{"message":"m","status":"info","timestamp":1,"a":"record","deployment.environment.name":"prod","ddsource":"go","service":"shop","ddtags":"service:shop"}`,
		},
		"theirs where we have none": {map[string]any{"status": "resource"}, func(lr plog.LogRecord) {
			lr.Body().SetStr("m")
			for _, k := range []string{"status", "timestamp", "dd.trace_id", "service", "hostname"} {
				lr.Attributes().PutStr(k, "record")
			}
		}, `{"message":"m","status":"record","timestamp":"record","dd.trace_id":"record","service":"record","hostname":"record"}`},
		"host": {map[string]any{"host.name": "box"}, func(lr plog.LogRecord) { lr.Body().SetStr("m") }, `{"message":"m","hostname":"box"}`},
		"a map as the body": {map[string]any{"service.name": "shop", "a": "resource", "c": "resource"}, func(lr plog.LogRecord) {
			lr.SetSeverityNumber(plog.SeverityNumberFatal)
			lr.SetTimestamp(1_000_000)
			lr.Attributes().PutStr("a", "record")
			lr.Attributes().PutStr("b", "record")
			lr.Attributes().PutStr("message", "record")
			body := lr.Body().SetEmptyMap()
			body.PutStr("a", "body")
			body.PutInt("status", 200)
			body.PutStr("service", "body")
		}, `{"a":"body","status":200,"timestamp":1,"b":"record","message":"record","c":"resource","service":"shop","ddtags":"service:shop"}`},
		"an empty map as the body": {nil, func(lr plog.LogRecord) { lr.Body().SetEmptyMap() }, `{}`},
		"a map with a level and a date": {nil, func(lr plog.LogRecord) {
			lr.SetSeverityNumber(plog.SeverityNumberFatal)
			lr.SetTimestamp(1_000_000)
			lr.SetTraceID(pcommon.TraceID{15: 1})
			body := lr.Body().SetEmptyMap()
			body.PutStr("level", "body")
			body.PutEmptyMap("syslog").PutStr("timestamp", "body")
			body.PutEmptyMap("dd").PutStr("trace_id", "body")
		}, `{"level":"body","syslog":{"timestamp":"body"},"dd":{"trace_id":"body"},"otel.trace_id":"00000000000000000000000000000001"}`},
		"bytes as the body":  {nil, func(lr plog.LogRecord) { lr.Body().SetEmptyBytes().FromRaw([]byte("a \"line\"\xff")) }, `{"message":"a \"line\"` + "\uFFFD" + `"}`},
		"an object in bytes": {nil, func(lr plog.LogRecord) { lr.Body().SetEmptyBytes().FromRaw([]byte(`{"a":1.50}`)) }, `{"a":1.50}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := encode(t, message(tc.resource, tc.edit))
			require.Equal(t, "["+tc.want+"]", got)
			require.True(t, json.Valid([]byte(got)))
		})
	}
}

func TestLevels(t *testing.T) {
	want := []string{"", "trace", "debug", "info", "warn", "error", "fatal"}
	for n := plog.SeverityNumberUnspecified; n <= plog.SeverityNumberFatal4; n++ {
		lr := plog.NewLogRecord()
		lr.SetSeverityNumber(n)
		require.Equal(t, want[(n+3)/4], status(lr), n)
	}
}

func TestHostname(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Hostname = "ours"
	for _, tc := range []struct{ body, want string }{
		{`{"hostname":"theirs","host":"kept"}`, `[{"host":"kept",` + ours + `,"hostname":"ours"}]`},
		{`m`, `[{"message":"m",` + ours + `,"hostname":"ours"}]`},
	} {
		ld := logs(tc.body)
		ld.ResourceLogs().At(0).Resource().Attributes().PutStr("host.name", "box")
		text, _ := newBatch(ld, cfg).payload(t, 0, 1)
		require.Equal(t, tc.want, text)
	}
}

// What is allocated is allocated for a request, not for an event.
func TestEncodingAnEventDoesNotAllocate(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	e := datadogExporter{cfg: cfg, format: cfg.format()}
	few := logs(slicesRepeat(`{"a":1,"ddtags":"x","s\u0065rvice":"y"}`, 2)...)
	many := logs(slicesRepeat(`{"a":1,"ddtags":"x","s\u0065rvice":"y"}`, 100)...)
	allocs := func(ld plog.Logs) float64 { return testing.AllocsPerRun(100, func() { e.encode(ld) }) }
	require.Less(t, allocs(many)-allocs(few), 10.0, "for 98 events more, and where buffers have to grow")
}
