package lokipush

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

func TestDecodeJSON(t *testing.T) {
	source := []Label{{Name: "source", Value: "stytch"}}
	for body, want := range map[string][]Stream{
		`{"streams":[{"stream":{"source":"stytch"},"values":[["1","{\"a\":\"\\u00e9\"}"]]}]}`: {
			{Labels: source, Entries: []Entry{{Timestamp: 1, Line: `{"a":"\u00e9"}`}}},
		},
		` {"x":[{}],"streams":[{"values":[["1","a",{"k":"v","k":"w","a.b":""}],["2","b",{},4,[]]],"y":null,"stream":{"source":"x","source":"stytch"}}]} `: {
			{Labels: source, Entries: []Entry{
				{Timestamp: 1, Line: "a", Metadata: []Label{{"k", "w"}, {"a.b", ""}}},
				{Timestamp: 2, Line: "b", Metadata: []Label{}},
			}},
		},
		`{"streams":[{"stream":{"source":"stytch"}},{"stream":{"source":"stytch"},"values":null},{"stream":{"source":"stytch"},"values":[]}]}`: {
			{Labels: source}, {Labels: source}, {Labels: source},
		},
		`{"\u0073treams":[{"stre\u0061m":{"sour\u0063e":"stytch"},"values":[["9223372036854775807","",{}]]}]}`: {
			{Labels: source, Entries: []Entry{{Timestamp: 9223372036854775807, Metadata: []Label{}}}},
		},
		"{\"streams\":[{\"stream\":{\"source\":\"stytch\"},\"values\":[[\"1\",\"\xff\"]]}]}": {
			{Labels: source, Entries: []Entry{{Timestamp: 1, Line: "\xff"}}},
		},
	} {
		var r Request
		require.NoError(t, r.DecodeJSON([]byte(body)), body)
		require.Equal(t, want, r.Streams, body)
	}
}

func TestDecodeJSONNamesThePlace(t *testing.T) {
	entry := func(e string) string {
		return `{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]},{"stream":{"a":"b"},"values":[["1","x"],` + e + `]}]}`
	}
	for body, want := range map[string]string{
		``:                                     `invalid JSON at byte 0: want an object`,
		`[]`:                                   `invalid JSON at byte 0: want an object`,
		`{}`:                                   `at least one stream is required`,
		`null`:                                 `at least one stream is required`,
		`{"streams":null}`:                     `at least one stream is required`,
		`{"streams":[]} x`:                     `invalid JSON at byte 15: text after the request`,
		`{"streams":{}}`:                       `streams: invalid JSON at byte 11: want an array`,
		`{"streams":[{"values":[]}]}`:          `streams[0]: stream: at least one label is required`,
		`{"streams":[{"stream":{}}]}`:          `streams[0]: stream: at least one label is required`,
		`{"streams":[null]}`:                   `streams[0]: stream: at least one label is required`,
		`{"streams":[{"stream":{"a":1}}]}`:     `streams[0]: stream: "a": invalid JSON at byte 27: want a string`,
		`{"streams":[{"stream":{"a.b":"c"}}]}`: `streams[0]: stream: label name "a.b": want letters, digits and underscores, not beginning with a digit`,
		`{"streams":[{"stream":{"1a":"c"}}]}`:  `streams[0]: stream: label name "1a": want letters, digits and underscores, not beginning with a digit`,
		entry(`["1"]`):                         `streams[1]: values[1]: want a timestamp and a line`,
		entry(`[]`):                            `streams[1]: values[1]: want a timestamp and a line`,
		entry(`null`):                          `streams[1]: values[1]: invalid JSON at byte 94: want an array`,
		entry(`[1,"x"]`):                       `streams[1]: values[1]: timestamp: want nanoseconds since the epoch as a string`,
		entry(`["","x"]`):                      `streams[1]: values[1]: timestamp: want nanoseconds since the epoch, got ""`,
		entry(`["0","x"]`):                     `streams[1]: values[1]: timestamp: want nanoseconds since the epoch, got "0"`,
		entry(`["-1","x"]`):                    `streams[1]: values[1]: timestamp: want nanoseconds since the epoch, got "-1"`,
		entry(`["9223372036854775808","x"]`):   `streams[1]: values[1]: timestamp: want nanoseconds since the epoch, got "9223372036854775808"`,
		entry(`["2026-03-01T00:00:00Z","x"]`):  `streams[1]: values[1]: timestamp: want nanoseconds since the epoch, got "2026-03-01T00:00:00Z"`,
		entry(`["1",{}]`):                      `streams[1]: values[1]: line: invalid JSON at byte 99: want a string`,
		entry(`["1","x",{"k":1}]`):             `streams[1]: values[1]: structured metadata: "k": invalid JSON at byte 108: want a string`,
		entry(`["1","x",null]`):                `streams[1]: values[1]: structured metadata: invalid JSON at byte 103: want an object`,
		entry(`["1","x",{"":"v"}]`):            `streams[1]: values[1]: structured metadata: a name is empty`,
		`{"streams":[{"stream":{"a":""}}]}`:    `streams[0]: stream: at least one label is required`,
		entry(`["1","x"`):                      `streams[1]: invalid JSON at byte 103: want a comma or the end of the array`,
	} {
		var r Request
		require.EqualError(t, r.DecodeJSON([]byte(body)), want, body)
	}
}

// Half a surrogate pair is refused wherever it would become text, whole pairs and
// the replacement character itself are not; an event within a line has escapes of
// its own, which stand behind another backslash.
func TestHalfASurrogatePairIsRefused(t *testing.T) {
	push := func(label, line, metadata string) string {
		return `{"streams":[{"stream":{"a":"` + label + `"},"values":[["1","` + line + `",{"` + metadata + `":"v"}]]}]}`
	}
	for body, want := range map[string]string{
		push(`b`, `\ud800`, `k`):        `streams[0]: values[0]: line: invalid JSON at byte 48: half a surrogate pair in a string`,
		push(`b`, `é\udc00`, `k`):       `streams[0]: values[0]: line: invalid JSON at byte 50: half a surrogate pair in a string`,
		push(`b`, `\ud83d\ud83d`, `k`):  `streams[0]: values[0]: line: invalid JSON at byte 48: half a surrogate pair in a string`,
		push(`b`, `\ud83d\\ude00`, `k`): `streams[0]: values[0]: line: invalid JSON at byte 48: half a surrogate pair in a string`,
		push(`\ud800`, `x`, `k`):        `streams[0]: stream: "a": invalid JSON at byte 28: half a surrogate pair in a string`,
		push(`b`, `x`, `\ud800`):        `streams[0]: values[0]: structured metadata: invalid JSON at byte 53: half a surrogate pair in a string`,

		push(`\ud83d\ude00`, `\ud83d\ude00`, `\ud83d\ude00`): "",
		push(`b`, `\ufffd\ud83d\ude00`, `k`):                 "",
		push(`b`, "\ufffd", `k`):                             "",
		push(`b`, `{\"a\":\"\\ud800 \ufffd\"}`, `k`):         "",
	} {
		var r Request
		if err := r.DecodeJSON([]byte(body)); want == "" {
			require.NoError(t, err, body)
		} else {
			require.EqualError(t, err, want, body)
		}
	}
}

// The strings of a request must not share memory with the body, whose buffer
// is used again.
func TestDecodedStringsOutliveTheBody(t *testing.T) {
	body := []byte(`{"streams":[{"stream":{"a":"b"},"values":[["1","line \" one",{"k":"v"}],["2","two"]]}]}`)
	var r Request
	require.NoError(t, r.DecodeJSON(body))
	first := []Label{r.Streams[0].Labels[0], r.Streams[0].Entries[0].Metadata[0]}
	lines := []string{r.Streams[0].Entries[0].Line, r.Streams[0].Entries[1].Line}
	clear(body)
	require.NoError(t, r.DecodeJSON([]byte(`{"streams":[{"stream":{"c":"d"},"values":[["3","xxxxxxxxxxxxxxxxxxx",{"y":"z"}]]}]}`)))
	require.Equal(t, []Label{{"a", "b"}, {"k", "v"}}, first)
	require.Equal(t, []string{`line " one`, "two"}, lines)
	require.Equal(t, 1, r.Entries())
}

// Each line of a request has its own index, in a request that is decoded into
// again as well; where there are more quotes than there is room for, none.
func TestDecodedLinesHaveTheirIndex(t *testing.T) {
	const entries = `["1","{\"a\":\"b\"}"],["2","{\"\\n\":1}"],["3","{\"é\":1}"],["4","{}"],["5","  {\"long key\": \"long value\" }"]`
	body := `{"streams":[{"stream":{"source":"stytch","service_name":"stytch.auth"},"values":[` + entries + `]}]}`
	want := []jsonscan.QuoteIndex{{1, 3, 5, 7}, nil, nil, nil, {3, 12, 15, 26}}
	var r Request
	for range 2 {
		require.NoError(t, r.DecodeJSON([]byte(body)))
		for i, e := range r.Streams[0].Entries {
			require.Equal(t, want[i], e.Quotes, e.Line)
		}
	}
	var dense Request
	require.NoError(t, dense.DecodeJSON([]byte(`{"streams":[{"stream":{"a":"b"},"values":[["1","`+strings.Repeat(`\"`, 1000)+`"]]}]}`)))
	require.Equal(t, strings.Repeat(`"`, 1000), dense.Streams[0].Entries[0].Line)
	require.Empty(t, dense.Streams[0].Entries[0].Quotes)
}
