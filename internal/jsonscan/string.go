package jsonscan

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// SkipString checks the string whose opening quote is s[i]. It returns the index after the
// closing quote and whether the string has escapes. Without escapes its value is
// s[i+1 : end-1].
func SkipString[T Text](s T, i int) (end int, escaped bool, err error) {
	for i++; i+8 <= len(s); i += 8 { // as nearly all strings end
		if m := special(load(s, i)); m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			if s[i] == '"' {
				return i + 1, false, nil
			}
			break
		}
	}
	return skipRest(s, i)
}

// skipRest is SkipString from within the string.
func skipRest[T Text](s T, i int) (end int, escaped bool, err error) {
	for {
		i = plain(s, i)
		if i >= len(s) {
			return i, escaped, syntax(i, "the string does not end")
		}
		switch c := s[i]; {
		case c == '"':
			return i + 1, escaped, nil
		case c == '\\':
			escaped = true
			n := escapeLen(s, i)
			if n == 0 {
				return i, escaped, syntax(i, "unknown escape in a string")
			}
			i += n
		case c < ' ':
			return i, escaped, syntax(i, "control character in a string")
		default:
			n := runeLen(s, i)
			if n == 0 {
				return i, escaped, syntax(i, "the string is not valid UTF-8")
			}
			i += n
		}
	}
}

// AppendString appends the value of the string whose opening quote is s[i] to dst. It
// returns dst and the index after the closing quote. It keeps bytes that are not valid
// UTF-8: the text of a line does not change. An escaped half of a surrogate pair becomes
// U+FFFD, as in encoding/json. Within its capacity, dst may be written to behind its end.
func AppendString[T Text](dst []byte, s T, i int) ([]byte, int, error) {
	if i >= len(s) || s[i] != '"' {
		return dst, i, syntax(i, "want a string")
	}
	return appendRest(dst, s, i+1)
}

// appendRest is AppendString from within the string.
func appendRest[T Text](dst []byte, s T, i int) ([]byte, int, error) {
	for {
		dst, i = appendPlain(dst, s, i)
		if i >= len(s) {
			return dst, i, syntax(i, "the string does not end")
		}
		switch s[i] {
		case '"':
			return dst, i + 1, nil
		case '\\':
			if i+1 < len(s) && s[i+1] == '"' { // nearly all escapes of JSON within JSON
				dst, i = append(dst, '"'), i+2
				continue
			}
			n := escapeLen(s, i)
			if n == 0 {
				return dst, i, syntax(i, "unknown escape in a string")
			}
			dst, i = appendEscape(dst, s, i, n)
		default:
			return dst, i, syntax(i, "control character in a string")
		}
	}
}

// escapeLen returns the length of the escape at s[i], or 0.
func escapeLen[T Text](s T, i int) int {
	if i+1 >= len(s) {
		return 0
	}
	switch s[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if hex4(s, i+2) >= 0 {
			return 6
		}
	}
	return 0
}

// appendEscape appends the value of the valid escape of n bytes at s[i] and returns the
// index after it. It reads both halves of a surrogate pair.
func appendEscape[T Text](dst []byte, s T, i, n int) ([]byte, int) {
	if n == 2 {
		c := s[i+1]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		}
		return append(dst, c), i + 2
	}
	r := hex4(s, i+2)
	i += 6
	if utf16.IsSurrogate(r) {
		low := rune(-1)
		if i+1 < len(s) && s[i] == '\\' && s[i+1] == 'u' {
			low = hex4(s, i+2)
		}
		r = utf16.DecodeRune(r, low)
		if r != utf8.RuneError {
			i += 6
		}
	}
	return utf8.AppendRune(dst, r), i
}

// hex4 returns the value of the four hexadecimal digits at s[i:], or -1.
func hex4[T Text](s T, i int) rune {
	if i+4 > len(s) {
		return -1
	}
	var r rune
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case isDigit(c):
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// runeLen returns the length of the valid UTF-8 sequence of two to four bytes
// at s[i], or 0. The ranges are table 3-7 of the Unicode standard.
func runeLen[T Text](s T, i int) int {
	var n int
	low, high := byte(0x80), byte(0xbf) // of the second byte
	switch c := s[i]; {
	case c < 0xc2:
		return 0
	case c < 0xe0:
		n = 2
	case c < 0xf0:
		n = 3
		switch c {
		case 0xe0:
			low = 0xa0
		case 0xed:
			high = 0x9f
		}
	case c < 0xf5:
		n = 4
		switch c {
		case 0xf0:
			low = 0x90
		case 0xf4:
			high = 0x8f
		}
	default:
		return 0
	}
	if i+n > len(s) || s[i+1] < low || s[i+1] > high {
		return 0
	}
	for k := i + 2; k < i+n; k++ {
		if s[k]&0xc0 != 0x80 {
			return 0
		}
	}
	return n
}
