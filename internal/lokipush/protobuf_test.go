package lokipush

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

func encode(t testing.TB, streams ...push.Stream) []byte {
	t.Helper()
	body, err := (&push.PushRequest{Streams: streams, Format: "x"}).Marshal()
	require.NoError(t, err)
	return body
}

func TestDecodeProtobuf(t *testing.T) {
	body := encode(t,
		push.Stream{
			Labels: `{source="stytch", region="e\"u"}`, Hash: 7,
			Entries: []push.Entry{
				{Timestamp: time.Unix(0, 1), Line: "one"},
				{Timestamp: time.Unix(1, 999999999), Line: "\xff\x00", StructuredMetadata: push.LabelsAdapter{{Name: "k", Value: "v"}, {Name: "a.b", Value: ""}}, Parsed: push.LabelsAdapter{{Name: "x", Value: "y"}}},
			},
		},
		push.Stream{Labels: "{a=\"b\"}"},
	)
	body = append(body, 0x50, 1, 0x59, 1, 2, 3, 4, 5, 6, 7, 8, 0x65, 1, 2, 3, 4) // fields that nobody knows
	var r Request
	require.NoError(t, r.DecodeProtobuf(body))
	clear(body)
	require.Equal(t, []Stream{
		{Labels: []Label{{"source", "stytch"}, {"region", `e"u`}}, Entries: []Entry{
			{Timestamp: 1, Line: "one"},
			{Timestamp: 1999999999, Line: "\xff\x00", Metadata: []Label{{"k", "v"}, {"a.b", ""}}},
		}},
		{Labels: []Label{{"a", "b"}}, Entries: []Entry{}},
	}, r.Streams)
}

func TestDecodeProtobufNamesThePlace(t *testing.T) {
	at := time.Unix(1, 0)
	good := push.Stream{Labels: `{a="b"}`, Entries: []push.Entry{{Timestamp: at}}}
	entries := func(e ...push.Entry) []byte { return encode(t, good, push.Stream{Labels: `{a="b"}`, Entries: e}) }
	var r Request
	for want, body := range map[string][]byte{
		"at least one stream is required":                                        nil,
		"byte 0 of 1: want a field":                                              {0x80},
		"byte 1 of 3: field 1 is cut short":                                      {0x0a, 0x05, 0x01},
		"byte 1 of 2: field 2 is cut short":                                      {0x15, 0x05},
		"byte 1 of 2: field 1 has wire type 3":                                   {0x0b, 0x05},
		"streams[0]: field 1 has wire type 0, want 2":                            {0x08, 0x05},
		"streams[0]: entries[0]: field 2 has wire type 0, want 2":                {0x0a, 0x04, 0x12, 0x02, 0x10, 0x01},
		"streams[0]: entries[0]: timestamp: field 1 has wire type 2, want 0":     {0x0a, 0x06, 0x12, 0x04, 0x0a, 0x02, 0x0a, 0x00},
		"streams[1]: labels: byte 1: want a label name":                          encode(t, good, push.Stream{Labels: `{1="b"}`}),
		"streams[1]: stream: at least one label is required":                     encode(t, good, push.Stream{Labels: `{a=""}`}),
		"streams[1]: entries[1]: timestamp: want one after 1970 and before 2262": entries(push.Entry{Timestamp: at}, push.Entry{}),
		"streams[1]: entries[0]: timestamp: want one after 1970 and before 2262": entries(push.Entry{Timestamp: time.Unix(0, 0)}),
		"streams[1]: entries[1]: structured metadata: a name is empty":           entries(push.Entry{Timestamp: at}, push.Entry{Timestamp: at, StructuredMetadata: push.LabelsAdapter{{Value: "v"}}}),
		"streams[1]: entries[0]: structured metadata: more than 128 names":       entries(push.Entry{Timestamp: at, StructuredMetadata: pairs(129)}),
	} {
		require.EqualError(t, r.DecodeProtobuf(body), want)
	}
}

func pairs(n int) (all push.LabelsAdapter) {
	for i := range n {
		all = append(all, push.LabelAdapter{Name: fmt.Sprintf("k%d", i)})
	}
	return all
}

func TestParseLabels(t *testing.T) {
	for text, want := range map[string][]Label{
		``:                                 nil,
		`{}`:                               nil,
		`{a="b"}`:                          {{"a", "b"}},
		" {\n_a1 = \"b\" ,\tB=`c\\n` , } ": {{"_a1", "b"}, {"B", `c\n`}},
		`{a="quote \" comma , brace } é ⛴️ \u00e9 \\"}`: {{"a", "quote \" comma , brace } é ⛴️ é \\"}},
		`{a="\xff", b=""}`: {{"a", "\xff"}, {"b", ""}},
	} {
		var r Request
		got, err := r.parseLabels([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		`a="b"`:                      `byte 0: want a brace`,
		`{`:                          `byte 1: want the closing brace`,
		`{a="b"`:                     `byte 6: want a comma or the closing brace`,
		`{a="b",`:                    `byte 7: want the closing brace`,
		`{a=b}`:                      `byte 3: want a quoted value`,
		`{a='b'}`:                    `byte 3: want a quoted value`,
		`{a="b}`:                     `byte 3: want a quoted value, which does not end`,
		`{a="\`:                      `byte 3: want a quoted value, which does not end`,
		`{a="\'"}`:                   `byte 3: want a quoted value`,
		"{a=\"\n\"}":                 `byte 3: want a quoted value`,
		"{a=\"\xff\"}":               `byte 3: want a quoted value in UTF-8`,
		`{a="b" c="d"}`:              `byte 7: want a comma or the closing brace`,
		`{a="b",,}`:                  `byte 7: want a label name`,
		`{="b"}`:                     `byte 1: want a label name`,
		`{a.b="c"}`:                  `byte 2: want an equals sign`,
		`{"a.b"="c"}`:                `byte 1: want a label name`,
		`{a!="c"}`:                   `byte 2: want an equals sign`,
		`{a="b",a="c"}`:              `byte 7: label "a" stands twice`,
		`{a="b"} x`:                  `byte 8: text after the labels`,
		strings.Repeat(" ", 3) + `}`: `byte 3: want a brace`,
	} {
		var r Request
		_, err := r.parseLabels([]byte(text))
		require.EqualError(t, err, want, text)
	}
}

func TestMaxEntries(t *testing.T) {
	r := Request{MaxEntries: 2}
	stream := `{"stream":{"a":"b"},"values":[["1","x"]]}`
	push := func(n int) []byte {
		return []byte(`{"streams":[` + strings.TrimSuffix(strings.Repeat(stream+",", n), ",") + `]}`)
	}
	require.NoError(t, r.DecodeJSON(push(2)))
	require.ErrorIs(t, r.DecodeJSON(push(3)), ErrTooMany)
	stream = `{"stream":{"a":"b"}}`
	require.NoError(t, r.DecodeJSON(push(2)))
	require.ErrorIs(t, r.DecodeJSON(push(3)), ErrTooMany, "streams without entries cost memory too")
}

// benchmarkPush is one stream of n events.
func benchmarkPush(n int) push.Stream {
	s := push.Stream{Labels: `{service_name="stytch.auth", source="stytch"}`}
	for _, e := range testdata.Mixed(n, testdata.Instant) {
		s.Entries = append(s.Entries, push.Entry{Timestamp: e.Time, Line: e.JSON})
	}
	return s
}

// BenchmarkDecodeProtobuf compares the walk with the generated Unmarshal, which
// leaves the labels to be parsed still.
func BenchmarkDecodeProtobuf(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		body := encode(b, benchmarkPush(n))
		for name, decode := range map[string]func() error{
			"walk":      func() func() error { var r Request; return func() error { return r.DecodeProtobuf(body) } }(),
			"unmarshal": func() error { var r push.PushRequest; return r.Unmarshal(body) },
		} {
			b.Run(fmt.Sprintf("%s/events=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					if err := decode(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
