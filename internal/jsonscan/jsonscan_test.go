package jsonscan

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// whole returns whether s is one JSON value and nothing else.
func whole[T Text](s T) error {
	end, err := SkipValue(s, SkipSpace(s, 0), 0)
	if err != nil {
		return err
	}
	return CheckEnd(s, end, "value")
}

func TestSyntaxErrorsNameTheByte(t *testing.T) {
	for text, want := range map[string]string{
		``:                                  "invalid JSON at byte 0: a value is missing",
		`{`:                                 "invalid JSON at byte 1: want a key",
		`{"a"}`:                             "invalid JSON at byte 4: want a colon",
		`{"a":}`:                            "invalid JSON at byte 5: want a value",
		`{"a":1,}`:                          "invalid JSON at byte 7: want a key",
		`{"a":1 "b":2}`:                     "invalid JSON at byte 7: want a comma or the end of the object",
		`[1,]`:                              "invalid JSON at byte 3: want a value",
		`[1 2]`:                             "invalid JSON at byte 3: want a comma or the end of the array",
		`"abc`:                              "invalid JSON at byte 4: the string does not end",
		`"a\x"`:                             "invalid JSON at byte 2: unknown escape in a string",
		`"\u12g4"`:                          "invalid JSON at byte 1: unknown escape in a string",
		"\"a\nb\"":                          "invalid JSON at byte 2: control character in a string",
		"\"12345678\xff\"":                  "invalid JSON at byte 9: the string is not valid UTF-8",
		"\"\xed\xa0\x80\"":                  "invalid JSON at byte 1: the string is not valid UTF-8",
		`tru`:                               "invalid JSON at byte 0: want true",
		`-`:                                 "invalid JSON at byte 1: want a digit",
		`1.`:                                "invalid JSON at byte 2: want a digit after the decimal point",
		`1e+`:                               "invalid JSON at byte 3: want a digit in the exponent",
		`01`:                                "invalid JSON at byte 1: text after the value",
		strings.Repeat("[", MaxDepth+1):     "invalid JSON at byte 10000: nested too deeply",
		strings.Repeat(`{"a":`, MaxDepth+1): "invalid JSON at byte 50000: nested too deeply",
	} {
		require.EqualError(t, whole(text), want, "%.20q", text)
	}
}

func TestDepthIsBounded(t *testing.T) {
	deepest := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	require.NoError(t, whole(deepest))
	require.True(t, json.Valid([]byte(deepest)))
	require.Error(t, whole("["+deepest+"]"))
	require.False(t, json.Valid([]byte("["+deepest+"]")))
}

// seeds are texts at the edges of the grammar.
var seeds = []string{
	`{}`, ` [ ] `, `{"a":{"b":[1,-0,1.50e+3,12345678901234567890]},"c":"\u00e9\ud83d\ude00\ud800x\/"}`,
	`"é😀 \" \\ \b\f\n\r\t"`, "\"\xf0\x9f\x98\"", "\"\xc0\x80\"", `{"a":1,"a":2}`, `[[],{},"",0,true,false,null]`,
	`"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"abcdefgh\"ijklmnop"`, "\"abcdefg\x7f\"", `{"":0}`, `1E5`, `-`, "\ufeff{}",
}

func FuzzSkipValueAgreesWithEncodingJSON(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := whole(text)
		require.Equal(t, err, whole(string(text)), "bytes and string must agree")
		require.Equal(t, json.Valid(text) && utf8.Valid(text), err == nil, "%q: %v", text, err)
	})
}

func FuzzAppendStringAgreesWithEncodingJSON(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
		f.Add([]byte(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, end, err := AppendString(nil, text, 0)
		if err != nil {
			require.False(t, len(text) > 0 && text[0] == '"' && json.Valid(text), "%q: %v", text, err)
			return
		}
		var want string
		require.NoError(t, json.Unmarshal(text[:end], &want))
		require.Equal(t, want, string([]rune(string(got))), "%q", text) // []rune replaces as encoding/json does
		if utf8.Valid(text[:end]) {
			require.Equal(t, want, string(got), "%q", text)
		}
	})
}

func FuzzAppendQuotedIsReadBack(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Add("\x00\x1f\u2028\xff\xc3\x28\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, value string) {
		quoted := AppendQuoted([]byte("x"), value)[1:]
		roomy := AppendQuoted(make([]byte, 0, 100+2*len(value)), value)
		require.Equal(t, string(quoted), string(roomy), "however much room there is")
		var want string
		require.NoError(t, json.Unmarshal(quoted, &want))
		require.Equal(t, want, string([]rune(value)))
		got, end, err := AppendString(nil, quoted, 0)
		require.NoError(t, err)
		require.Equal(t, len(quoted), end)
		require.Equal(t, want, string(got))
	})
}
