package datadoglogsexporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// logs returns one resource as the receiver and the processor make it, with
// these bodies.
func logs(bodies ...string) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	attrs.PutStr("source", "stytch")
	attrs.PutStr("service.name", "stytch.auth")
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(stytch.ScopeName)
	records := sl.LogRecords()
	for _, body := range bodies {
		records.AppendEmpty().Body().SetStr(body)
	}
	return ld
}

// batch is what is sent, with its payloads as they are before compression.
type batch struct{ *payload.Cursor }

func (b batch) payload(t testing.TB, lo, hi int) (text string, next int) {
	t.Helper()
	var p payload.Payload
	next, err := b.NextPayload(&p, lo, hi)
	require.NoError(t, err)
	plain, err := p.AppendPlain(nil)
	require.NoError(t, err)
	require.Len(t, plain, p.Size())
	return string(plain), next
}

func newBatch(ld plog.Logs, cfg *Config) batch {
	e := datadogExporter{cfg: cfg, format: cfg.format()}
	return batch{payload.NewCursor(e.encode(ld))}
}

// batchOf returns a batch by the default configuration.
func batchOf(ld plog.Logs, tags ...string) batch {
	cfg := createDefaultConfig().(*Config)
	cfg.Tags = tags
	return newBatch(ld, cfg)
}

func encode(t *testing.T, ld plog.Logs, tags ...string) string {
	t.Helper()
	b := batchOf(ld, tags...)
	text, next := b.payload(t, 0, b.Len())
	require.Equal(t, b.Len(), next)
	return text
}

const ours = `"ddsource":"stytch","service":"stytch.auth","ddtags":"service:stytch.auth,stytch-env:prod"`

func TestEncode(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":1.50}`:                   `{"a":1.50,` + ours + `}`,
		`{}`:                           `{` + ours + `}`,
		" \n{ \"a\" : 1 , \"b\":2 }\t": `{ "a" : 1 , "b":2,` + ours + `}`,
		" { } ":                        `{` + ours + `}`,
		`{"ddsource":"x"}`:             `{` + ours + `}`,
		`{"ddsource":"x","a":1}`:       `{"a":1,` + ours + `}`,
		`{"a":1,"ddsource":{"b":[]}}`:  `{"a":1,` + ours + `}`,
		`{"a":1, "service":2, "b":3, "ddtags":"t", "ddsource":null, "c":4 }`: `{"a":1,"b":3,"c":4,` + ours + `}`,
		`{"\u0064dsource":"x","a":1,"s\u0065rvice":1}`:                       `{"a":1,` + ours + `}`,
		`{"service":1,"service":2}`:                                          `{` + ours + `}`,
		`{"Service":1,"x":{"service":2}}`:                                    `{"Service":1,"x":{"service":2},` + ours + `}`,
		`hello "you"`:                                                        `{"message":"hello \"you\"",` + ours + `}`,
		`[1]`:                                                                `{"message":"[1]",` + ours + `}`,
		`{"a":1} x`:                                                          `{"message":"{\"a\":1} x",` + ours + `}`,
		"{\"a\":\"\xff\"}":                                                   "{\"message\":\"{\\\"a\\\":\\\"\uFFFD\\\"}\"," + ours + `}`,
		`{"a":1,}`:                                                           `{"message":"{\"a\":1,}",` + ours + `}`,
		``:                                                                   `{"message":"",` + ours + `}`,
	} {
		require.Equal(t, "["+want+"]", encode(t, logs(body)), body)
	}
}

func TestEncodeLabels(t *testing.T) {
	require.Equal(t, `[{"ddsource":"stytch","service":"stytch.auth","ddtags":"service:stytch.auth,stytch-env:prod,team:\"identity\""}]`,
		encode(t, logs(`{}`), `team:"identity"`))
	ld := logs(`{"service":"its own"}`)
	ld.ResourceLogs().At(0).Resource().Attributes().Clear()
	require.Equal(t, `[{"service":"its own","ddtags":"stytch-env:prod"}]`, encode(t, ld), "nothing is cut out for nothing")
	ld = logs(`{}`)
	ld.ResourceLogs().At(0).Resource().Attributes().PutStr("deployment.environment.name", "test")
	require.Equal(t, `[{`+ours+`}]`, encode(t, ld), "as of a live project")
}

// What Datadog finds no time in gets the record's.
func TestEncodeDates(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                              `{"timestamp":1772366400123,` + ours + `}`,
		`{"a":1}`:                         `{"a":1,"timestamp":1772366400123,` + ours + `}`,
		`{"time":"2026-03-01T12:00:00Z"}`: `{"time":"2026-03-01T12:00:00Z","timestamp":1772366400123,` + ours + `}`,
		`{"service":1,"x":{"date":2}}`:    `{"x":{"date":2},"timestamp":1772366400123,` + ours + `}`,
		`{"timestamp":1}`:                 `{"timestamp":1,` + ours + `}`,
		`{"_timestamp":null}`:             `{"_timestamp":null,` + ours + `}`,
		`{"times\u0074amp":""}`:           `{"times\u0074amp":"",` + ours + `}`,
		`{"date":"today"}`:                `{"date":"today",` + ours + `}`,
		`{"@timestamp":1}`:                `{"@timestamp":1,` + ours + `}`,
		`{"Timestamp":1}`:                 `{"Timestamp":1,` + ours + `}`,
		`{"eventTime":1}`:                 `{"eventTime":1,` + ours + `}`,
		`{"published_date":1}`:            `{"published_date":1,` + ours + `}`,
		`{"syslog.timestamp":1}`:          `{"syslog.timestamp":1,` + ours + `}`,
		`hello`:                           `{"message":"hello","timestamp":1772366400123,` + ours + `}`,
	} {
		ld := logs(body)
		ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(1772366400123456789)
		require.Equal(t, "["+want+"]", encode(t, ld), body)
	}
}

func TestPayloadsAreWithinTheLimits(t *testing.T) {
	event := `{"a":"` + strings.Repeat("x", 10_000) + `"}`
	b := batchOf(logs(slicesRepeat(event, 1200)...))
	text, next := b.payload(t, 0, b.Len())
	require.LessOrEqual(t, len(text), maxPayload)
	require.Greater(t, len(text), maxPayload*9/10)
	require.True(t, json.Valid([]byte(text)))
	again, _ := b.payload(t, 0, next)
	require.Equal(t, text, again)

	b = batchOf(logs(slicesRepeat(`{}`, 1200)...))
	text, next = b.payload(t, 0, b.Len())
	require.Equal(t, 1000, next)
	require.True(t, json.Valid([]byte(text)))
	_, next = b.payload(t, next, b.Len())
	require.Equal(t, 1200, next)
}

func slicesRepeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func TestGoldenDatadog(t *testing.T) {
	var out bytes.Buffer
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		ld := logs(e.JSON)
		record := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		record.SetTimestamp(pcommon.NewTimestampFromTime(e.Time))
		fmt.Fprintf(&out, "# %s\n%s\n", e.Name, encode(t, ld, "team:identity"))
	}
	testdata.Golden(t, "datadog.txt", out.Bytes())
}

// The same texts as logs of another service.
func TestGoldenDatadogObjects(t *testing.T) {
	var out bytes.Buffer
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		fmt.Fprintf(&out, "# %s\n%s\n", e.Name, encode(t, object(e.JSON), "team:identity"))
	}
	testdata.Golden(t, "datadog-objects.txt", out.Bytes())
}

// members returns the root members of a JSON object in order, names decoded
// and values raw, and the text between braces where there are none.
func members(t *testing.T, object string) (names, values []string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(object))
	_, err := dec.Token()
	require.NoError(t, err)
	names, values = []string{}, []string{}
	for dec.More() {
		name, err := dec.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, dec.Decode(&value))
		names, values = append(names, name.(string)), append(values, string(value))
	}
	return names, values
}

func FuzzEncodeKeepsEveryMember(f *testing.F) {
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		f.Add(e.JSON)
	}
	f.Add(`{"ddtags":1,"ddtags":2 , "a":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		entries := encode(t, logs(text))
		var all []json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(entries), &all))
		require.Len(t, all, 1)
		names, values := members(t, string(all[0]))
		require.GreaterOrEqual(t, len(names), 3)
		require.Equal(t, []string{"ddsource", "service", "ddtags"}, names[len(names)-3:])
		names, values = names[:len(names)-3], values[:len(values)-3]
		for _, reserved := range []string{"ddsource", "service", "ddtags"} {
			require.NotContains(t, names, reserved)
		}
		if !json.Valid([]byte(text)) || strings.ToValidUTF8(text, "") != text || !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
			require.Equal(t, []string{"message"}, names)
			return
		}
		wantNames, wantValues := members(t, text)
		keptNames, keptValues := []string{}, []string{}
		for i, name := range wantNames {
			if name != "ddsource" && name != "service" && name != "ddtags" {
				keptNames, keptValues = append(keptNames, name), append(keptValues, wantValues[i])
			}
		}
		require.Equal(t, keptNames, names)
		require.Equal(t, keptValues, values)
	})
}
