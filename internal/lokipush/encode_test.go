package lokipush

import (
	"cmp"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	loki "github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"
)

// A push is written as Loki's own types marshal it, to the byte.
func requireAsLokiWrites(t *testing.T, labels string, metadata []Label, wrote []byte, lines []Line) {
	t.Helper()
	want := loki.PushRequest{Streams: []loki.Stream{{Labels: labels}}}
	for _, l := range lines {
		entry := loki.Entry{Timestamp: time.Unix(0, l.Timestamp).UTC(), Line: l.Text}
		for _, m := range metadata {
			entry.StructuredMetadata = append(entry.StructuredMetadata, loki.LabelAdapter(m))
		}
		want.Streams[0].Entries = append(want.Streams[0].Entries, entry)
	}
	oracle, err := want.Marshal()
	require.NoError(t, err)
	require.Equal(t, oracle, wrote)
}

func FuzzEncode(f *testing.F) {
	f.Add(`{"a":1}`, "", "stytch", "k", "v", int64(1))
	f.Add("\x00 \xff\u2028\"", "é", "\n\x7f\"\\'\ufffd", "", "", int64(math.MaxInt64))
	f.Add(strings.Repeat("x", 200), "y", "", "k", "", int64(1e9))
	f.Fuzz(func(t *testing.T, one, other, source, name, value string, at int64) {
		at = max(at, 1) & math.MaxInt64
		one, other, source = Text(one), Text(other), Text(source)
		// An empty label is none, and metadata has names: neither reads back.
		source, name = cmp.Or(source, "x"), cmp.Or(name, "x")
		labels := []Label{{"service_name", "stytch.auth"}, {"source", source}}
		metadata := []Label{{Text(name), Text(value)}}
		for _, encoding := range []Encoding{JSON, Protobuf} {
			lines := []Line{{Timestamp: at, Text: one}, {Timestamp: at, Text: other}, {Timestamp: at, Text: one}}
			for i := range lines {
				lines[i].Metadata = encoding.AppendMetadata(nil, metadata)
			}
			wrote := whole(encoding, encoding.AppendLabels(nil, labels), lines)
			if encoding == Protobuf {
				var got loki.PushRequest
				require.NoError(t, got.Unmarshal(wrote))
				requireAsLokiWrites(t, got.Streams[0].Labels, metadata, wrote, lines)
				continue
			}
			var got Request
			require.NoError(t, got.DecodeJSON(wrote))
			require.Equal(t, labels, got.Streams[0].Labels)
			require.Equal(t, len(lines), got.Entries())
			for i, e := range got.Streams[0].Entries {
				require.Equal(t, Entry{lines[i].Timestamp, lines[i].Text, metadata, e.Quotes}, e)
			}
		}
	})
}

// whole is all of a push.
func whole(encoding Encoding, labels []byte, lines []Line) []byte {
	var entries []byte
	for i := range lines {
		if i > 0 {
			entries = append(entries, encoding.Separator()...)
		}
		entries = encoding.AppendEntry(entries, &lines[i])
	}
	return append(append(encoding.AppendHead(nil, string(labels), len(entries)), entries...), encoding.Tail()...)
}

func TestProtobufLabels(t *testing.T) {
	got := Protobuf.AppendLabels(nil, []Label{{"a", "b"}, {"c", "\"\\\n\t\x00\x7fé\u2028"}})
	require.Equal(t, byte(len(got)-2), got[1])
	require.Equal(t, `{a="b", c="\"\\\n\t\x00\x7fé\u2028"}`, string(got[2:]))
}

func TestJSONIsEscapedNoMoreThanItMust(t *testing.T) {
	labels := JSON.AppendLabels(nil, []Label{{"a", "<é>"}})
	wrote := whole(JSON, labels, []Line{
		{Timestamp: 5, Text: "{\"a\":\"é\\n\\u00e9\"}\t", Metadata: JSON.AppendMetadata(nil, []Label{{"k", "v"}, {"l", "w"}})},
		{Timestamp: 6},
	})
	require.True(t, json.Valid(wrote))
	require.Equal(t, `{"streams":[{"stream":{"a":"<é>"},"values":[["5","{\"a\":\"é\\n\\u00e9\"}\t",{"k":"v","l":"w"}],["6",""]]}]}`,
		string(wrote))
}

func TestText(t *testing.T) {
	for s, want := range map[string]string{
		"":             "",
		"é\u2028":      "é\u2028",
		"\xff\xfea":    "\ufffd\ufffda",
		"\xed\xa0\x80": "\ufffd\ufffd\ufffd",
		"a\xe2\x82":    "a\ufffd\ufffd",
	} {
		require.Equal(t, want, Text(s))
	}
}
