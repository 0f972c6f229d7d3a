package lokipush

import (
	"cmp"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"
)

// A push is written as Loki's own types marshal it, to the byte.
func requireAsLokiWrites(t *testing.T, labels string, metadata []Label, wrote []byte, lines []Line) {
	t.Helper()
	want := push.PushRequest{Streams: []push.Stream{{Labels: labels}}}
	for _, l := range lines {
		entry := push.Entry{Timestamp: time.Unix(0, l.Timestamp).UTC(), Line: l.Text}
		for _, m := range metadata {
			entry.StructuredMetadata = append(entry.StructuredMetadata, push.LabelAdapter(m))
		}
		want.Streams[0].Entries = append(want.Streams[0].Entries, entry)
	}
	oracle, err := want.Marshal()
	require.NoError(t, err)
	require.Equal(t, oracle, wrote)
}

func FuzzEncode(f *testing.F) {
	f.Add(`{"a":1}`, "", "stytch", "k", "v", int64(1), 100)
	f.Add("\x00 \xff\u2028\"", "é", "\n\x7f\"\\'\ufffd", "", "", int64(math.MaxInt64), 1)
	f.Add(strings.Repeat("x", 200), "y", "", "k", "", int64(1e9), 1<<20)
	f.Fuzz(func(t *testing.T, one, other, source, name, value string, at int64, limit int) {
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
			stream := encoding.AppendLabels(nil, labels)
			for rest := lines; len(rest) > 0; {
				wrote, taken := encoding.AppendPush([]byte("before"), stream, rest, limit)
				require.Equal(t, "before", string(wrote[:6]))
				wrote = wrote[6:]
				require.Positive(t, taken)
				if taken > 1 {
					require.LessOrEqual(t, len(wrote), limit)
				}
				if taken < len(rest) { // one more would not have fitted
					more, n := encoding.AppendPush(nil, stream, rest[:taken+1], math.MaxInt)
					require.Equal(t, taken+1, n)
					require.Greater(t, len(more), limit)
				}
				if encoding == Protobuf {
					var got push.PushRequest
					require.NoError(t, got.Unmarshal(wrote))
					requireAsLokiWrites(t, got.Streams[0].Labels, metadata, wrote, rest[:taken])
				} else {
					var got Request
					require.NoError(t, got.DecodeJSON(wrote))
					require.Equal(t, labels, got.Streams[0].Labels)
					require.Equal(t, taken, got.Entries())
					for i, e := range got.Streams[0].Entries {
						require.Equal(t, Entry{rest[i].Timestamp, rest[i].Text, metadata, e.Index}, e)
					}
				}
				rest = rest[taken:]
			}
		}
	})
}

func TestProtobufLabels(t *testing.T) {
	got := Protobuf.AppendLabels(nil, []Label{{"a", "b"}, {"c", "\"\\\n\t\x00\x7fé\u2028"}})
	require.Equal(t, byte(len(got)-2), got[1])
	require.Equal(t, `{a="b", c="\"\\\n\t\x00\x7fé\u2028"}`, string(got[2:]))
}

func TestJSONIsEscapedNoMoreThanItMust(t *testing.T) {
	labels := JSON.AppendLabels(nil, []Label{{"a", "<é>"}})
	wrote, taken := JSON.AppendPush(nil, labels, []Line{
		{Timestamp: 5, Text: "{\"a\":\"é\\n\\u00e9\"}\t", Metadata: JSON.AppendMetadata(nil, []Label{{"k", "v"}, {"l", "w"}})},
		{Timestamp: 6},
	}, 1<<20)
	require.Equal(t, 2, taken)
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
