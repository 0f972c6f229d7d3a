package lokipush

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// replacement is what jsonscan puts in place of half a surrogate pair.
var replacement = utf8.AppendRune(nil, utf8.RuneError)

// checkSurrogates refuses the string between body[i] and body[end], which jsonscan
// has read to value, if an escape in it is half a surrogate pair.
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

// escape returns the code unit that the escape at body[i] writes in hexadecimal,
// or -1 where there is none, and how many bytes stand there.
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
