package stytchencodingextension

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchencodingextension/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// codec is what the components that take an encoding look for.
type codec interface {
	plog.Marshaler
	plog.Unmarshaler
}

func newCodec(t testing.TB, promote ...string) codec {
	t.Helper()
	ext, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), &Config{Promote: promote})
	require.NoError(t, err)
	return ext.(codec)
}

func bodies(events []testdata.Event) (texts []string) {
	for _, e := range events {
		texts = append(texts, e.JSON)
	}
	return texts
}

// forms are the ways to write events.
func forms(events []string) map[string]string {
	return map[string]string{
		"one":         events[0],
		"array":       " [" + strings.Join(events, " ,\n") + "]\n",
		"lines":       strings.Join(events, "\n"),
		"ended lines": "\n" + strings.Join(events, "\r\n\n") + "\r\n",
	}
}

// The records are those that the receiver's protocol events makes of the same text.
func TestUnmarshalAsTheReceiver(t *testing.T) {
	factory := stytchreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig().(*stytchreceiver.Config)
	port, err := harness.FreePort()
	require.NoError(t, err)
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:" + port
	cfg.Promote = []string{"organization_id", "member_id"}
	sink := new(consumertest.LogsSink)
	receiver, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), cfg, sink)
	require.NoError(t, err)
	require.NoError(t, receiver.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, receiver.Shutdown(t.Context())) })

	encoding := newCodec(t, cfg.Promote...)
	for name, text := range forms(bodies(append(testdata.Events(), testdata.Webhooks()...))) {
		sink.Reset()
		answer, err := http.Post("http://"+cfg.HTTP.NetAddr.Endpoint+"/v1/events", "", strings.NewReader(text))
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusAccepted, answer.StatusCode, name)
		got, err := encoding.UnmarshalLogs([]byte(text))
		require.NoError(t, err, name)
		require.Equal(t, exact(t, sink.AllLogs()[0]), exact(t, got), name)
	}
}

// exact is logs in bytes, without the time of arrival.
func exact(t testing.TB, ld plog.Logs) string {
	t.Helper()
	for _, rl := range ld.ResourceLogs().All() {
		for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
			if lr.Timestamp() == lr.ObservedTimestamp() {
				lr.SetTimestamp(0)
			}
			lr.SetObservedTimestamp(0)
		}
	}
	text, err := new(plog.ProtoMarshaler).MarshalLogs(ld)
	require.NoError(t, err)
	return string(text)
}

// Nothing of a bad text is taken, and the error says where it is bad.
func TestUnmarshalRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "the body is empty: want a JSON object, an array of objects, or an object on each line",
		" \n":                       "the body is empty: want a JSON object, an array of objects, or an object on each line",
		"{}\n\nhello":               "line 3: invalid JSON at byte 4: want an object",
		"{}\n{\"a\":1,}":            "line 2: invalid JSON at byte 10: want a key",
		"[{},1]":                    "element 1: invalid JSON at byte 4: want an object",
		"[{}":                       "invalid JSON at byte 3: want a comma or the end of the array",
		"[{}]{}":                    "invalid JSON at byte 4: text after the array",
		"{} {}":                     "line 1: invalid JSON at byte 3: text after the object",
		"{\"a\":\"\xff\"}":          "line 1: invalid JSON at byte 6: the string is not valid UTF-8",
		"{\"event_id\":\"a\"}\n{\"": "line 2: invalid JSON at byte 19: the string does not end",
	} {
		got, err := newCodec(t).UnmarshalLogs([]byte(text))
		require.EqualError(t, err, want, text)
		require.Equal(t, plog.Logs{}, got, text)
	}
}

func TestMarshal(t *testing.T) {
	pretty := "{\n  \"event_id\": \"a\",\n  \"a\": 1.50\n}"
	for name, tc := range map[string]struct {
		set  []func(pcommon.Value)
		want string
	}{
		"none":           {nil, ""},
		"one":            {[]func(pcommon.Value){str(`{"a":1.50}`)}, `{"a":1.50}`},
		"several":        {[]func(pcommon.Value){str(`{"a":1}`), str(`{"b":2}`), str(`{}`)}, "{\"a\":1}\n{\"b\":2}\n{}"},
		"bytes":          {[]func(pcommon.Value){raw(`{"a":1}`), str(`{}`), raw("\xff")}, "{\"a\":1}\n{}\n\xff"},
		"over lines":     {[]func(pcommon.Value){str(pretty), str(`{}`)}, pretty + "\n{}"},
		"no event":       {[]func(pcommon.Value){str(""), str("hello"), func(v pcommon.Value) { v.SetInt(1) }}, "\nhello\n1"},
		"not text":       {[]func(pcommon.Value){func(v pcommon.Value) { v.SetEmptyMap().PutInt("a", 1) }}, `{"a":1}`},
		"without a body": {[]func(pcommon.Value){func(pcommon.Value) {}, str("{}")}, "\n{}"},
	} {
		ld := plog.NewLogs()
		for _, set := range tc.set { // each with a resource of its own
			set(ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body())
		}
		got, err := newCodec(t).MarshalLogs(ld)
		require.NoError(t, err)
		require.Equal(t, tc.want, string(got), name)
	}
}

func str(text string) func(pcommon.Value) { return func(v pcommon.Value) { v.SetStr(text) } }

func raw(text string) func(pcommon.Value) {
	return func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte(text)) }
}

// What is read, written and read again is the same, record for record and byte for byte,
// and every event stands in the text as it was.
func FuzzRoundTrip(f *testing.F) {
	events := append(testdata.Events(), testdata.Webhooks()...)
	for _, text := range forms(bodies(events[:3])) {
		f.Add([]byte(text))
	}
	for _, e := range append(events, testdata.OtherLines()...) {
		if len(e.JSON) < 10_000 { // a fuzzer is slow with long texts
			f.Add([]byte(e.JSON))
		}
	}
	f.Add([]byte("{\n \"project_id\": \"b\"\n}\n{\"project_id\":\"c\"}\n{\"project_id\" :\r\n\"b\"}"))
	encoding := newCodec(f, "organization_id")
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := encoding.UnmarshalLogs(bytes.Clone(text))
		if err != nil {
			require.Equal(t, plog.Logs{}, read)
			return
		}
		forEachBody(read, func(body pcommon.Value) { require.Contains(t, string(text), body.Str()) })
		written, err := encoding.MarshalLogs(read)
		require.NoError(t, err)
		if read.LogRecordCount() == 1 && text[0] == '{' && text[len(text)-1] == '}' {
			require.Equal(t, text, written)
		}
		if read.LogRecordCount() == 0 { // of an empty array
			require.Empty(t, written)
			return
		}
		again, err := encoding.UnmarshalLogs(written)
		require.NoError(t, err)
		require.Equal(t, exact(t, read), exact(t, again))
	})
}

func TestConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(NewFactory().CreateDefaultConfig()))
	require.NoError(t, (&Config{Promote: []string{"organization_id"}}).Validate())
	require.EqualError(t, (&Config{Promote: []string{"a", ""}}).Validate(), "promote::1: must name a field of the event")
}

// BenchmarkEncoding is what an event costs from a text to records, and from records to a
// text: 100 events, a line each.
func BenchmarkEncoding(b *testing.B) {
	const n = 100
	text := []byte(strings.Join(bodies(testdata.Mixed(n, testdata.Instant)), "\n"))
	encoding := newCodec(b)
	ld, err := encoding.UnmarshalLogs(text)
	require.NoError(b, err)
	for name, run := range map[string]func() error{
		"unmarshal": func() error { _, err := encoding.UnmarshalLogs(text); return err },
		"marshal":   func() error { _, err := encoding.MarshalLogs(ld); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				require.NoError(b, run())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
		})
	}
}
