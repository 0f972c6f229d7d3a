package lokipush

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// replacement stands for half a surrogate pair in the output of jsonscan.
var replacement = utf8.AppendRune(nil, utf8.RuneError)

// checkSurrogates returns an error if the string body[i:end], whose value is value, has an
// escape that is half a surrogate pair. The string must be valid for jsonscan.
func checkSurrogates(value, body []byte, i, end int) error {
	if !bytes.Contains(value, replacement) {
		return nil // nearly always
	}
	for i < end {
		r, size := escape(body, i)
		if utf16.IsSurrogate(r) {
			low, more := escape(body, i+size)
			if utf16.DecodeRune(r, low) == utf8.RuneError {
				return &jsonscan.SyntaxError{Offset: i, Want: "half a surrogate pair in a string"}
			}
			size += more
		}
		i += size
	}
	return nil
}

// escape returns the code unit of a \u escape at body[i], or -1 for anything else, and its
// length in bytes.
func escape(body []byte, i int) (r rune, size int) {
	switch {
	case body[i] != '\\':
		return -1, 1
	case body[i+1] != 'u':
		return -1, 2
	}
	n, _ := strconv.ParseUint(string(body[i+2:i+6]), 16, 16) // four digits: jsonscan has read them
	return rune(n), 6
}
