package jsonscan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// indexOf is the index of a text by its definition; nil where it has none.
func indexOf(text []byte) (index QuoteIndex) {
	for i, c := range text {
		switch {
		case c < ' ', c >= 0x80, c == '\\':
			return nil
		case c == '"':
			index = append(index, uint32(i))
		}
	}
	return index
}

func TestAppendIndexed(t *testing.T) {
	const line = `{\"event_id\":\"event-live-1\",\"status\":\"Success\",\"user_id\":\"\",\"n\":1}`
	for text, want := range map[string]bool{
		`"` + line + `"`:         true,
		`"` + line + `"]]}]}`:    true,
		`"` + line + `","é`:      true,
		`"` + line + ` é"`:       false,
		`"` + line + `\n"`:       false,
		`"` + line + `\\\""`:     false,
		`"` + line + `\u0022"`:   false, // a quote, but not as they are written
		`"` + line + `\ud83d"]]`: false,
	} {
		value, _, err := AppendString(nil, text, 0)
		require.NoError(t, err)
		_, index, _, err := AppendIndexed(nil, make(QuoteIndex, 0, 20), []byte(text), 0)
		require.NoError(t, err)
		require.Equal(t, want, len(index) > 0, text)
		if want {
			require.Equal(t, indexOf(value), index, text)
		}
		_, index, _, err = AppendIndexed(nil, make(QuoteIndex, 0, 3), []byte(text), 0)
		require.NoError(t, err)
		require.Empty(t, index, "there is no room for it")
	}
}

func FuzzAppendIndexedAgreesWithAppendString(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), uint8(0), uint8(40))
		f.Add(AppendQuoted(nil, s), uint8(100), uint8(40))
		f.Add(append(AppendQuoted(nil, strings.Repeat(s, 3)), "]]}]}"...), uint8(9), uint8(5))
	}
	f.Fuzz(func(t *testing.T, text []byte, room, quotes uint8) {
		want, wantEnd, wantErr := AppendString([]byte("ab"), text, 0)
		dst, known := append(make([]byte, 0, 2+int(room)), "ab"...), append(make(QuoteIndex, 0, 1+int(quotes)), 7)
		got, index, end, err := AppendIndexed(dst, known, text, 0)
		require.Equal(t, wantErr, err, "%q", text)
		require.Equal(t, wantEnd, end, "%q", text)
		require.Equal(t, string(want), string(got), "%q", text)
		require.LessOrEqual(t, len(index), 1+int(quotes))
		if len(index) > 1 {
			require.NoError(t, err)
			require.Equal(t, append(QuoteIndex{7}, indexOf(want[2:])...), index, "%q", text)
		} else {
			require.Equal(t, known, index)
		}
	})
}

// A walk with the index reads what the one without it reads, and stops at the
// same byte for the same reason.
func FuzzWalksAgree(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	for _, s := range []string{
		`{"a":"b","c":"d","e":["f","g"],"h":"i","j":{"k":"l"},"m":"n","o":1,"p":""}`, `{,"a":"b"}`, `{"a":"b" , "c" : "d"}`,
		`{"a":"b","c":"d"`, `{"a":"b","c":"d`, `{"a":"b","c":x"d"}`, `{"a":"b","c"`, `{"a":"b""c":"d"}`, `{"a":{"b":"c},"d":"e"}`,
	} {
		f.Add(s)
	}
	type step struct {
		Member
		more bool
		end  int
		err  error
	}
	f.Fuzz(func(t *testing.T, text string) {
		walk := func(index QuoteIndex, byKey bool) (steps []step) {
			start := SkipSpace(text, 0)
			o, err := ReadObject(text, start, 0)
			if err != nil {
				return nil
			}
			o.SetQuotes(index)
			for more := true; more; {
				var m Member
				if more = byKey && o.NextKey(&m) || !byKey && o.Next(&m); more && byKey {
					if m.End, err = SkipValue(text, m.Value, 1); err != nil {
						return append(steps, step{m, false, m.End, err})
					}
					o.Skip(m.End)
				}
				steps = append(steps, step{m, more, o.End(), o.Err()})
			}
			return steps
		}
		index := indexOf([]byte(text))
		require.Equal(t, walk(nil, false), walk(index, false), text)
		require.Equal(t, walk(nil, true), walk(index, true), text)
	})
}
