package jsonscan

import (
	"fmt"
	"math/bits"
	"slices"
)

// MaxDepth is the largest number of open objects and arrays. It is encoding/json's own
// limit, so that both accept the same texts.
const MaxDepth = 10000

// Text is a text to scan: a request body in bytes, or an event's string in pdata.
type Text interface{ ~string | ~[]byte }

// SyntaxError says where and why a text is not valid JSON. It is the type of all errors
// of this package.
type SyntaxError struct {
	Offset int    // the first byte that is not valid
	Want   string // what was expected there, or what is wrong
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Want)
}

//go:noinline
func syntax(offset int, want string) error { return &SyntaxError{Offset: offset, Want: want} }

// SkipSpace returns the index of the first byte at or after i that is not
// JSON white space, or len(s).
func SkipSpace[T Text](s T, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// CheckEnd returns an error if s[i:] holds anything but white space. What names the value
// before it, for the error.
func CheckEnd[T Text](s T, i int, what string) error {
	if i = SkipSpace(s, i); i != len(s) {
		return syntax(i, "text after the "+what)
	}
	return nil
}

// SkipValue checks the value that starts at s[i] and returns the index after it. Depth is
// the number of objects and arrays that are open around the value.
func SkipValue[T Text](s T, i, depth int) (int, error) {
	if i >= len(s) {
		return i, syntax(i, "a value is missing")
	}
	switch c := s[i]; c {
	case '"':
		end, _, err := SkipString(s, i)
		return end, err
	case '{':
		return skipObject(s, i, depth)
	case '[':
		return skipArray(s, i, depth)
	case 't':
		return skipLiteral(s, i, "true")
	case 'f':
		return skipLiteral(s, i, "false")
	case 'n':
		return skipLiteral(s, i, "null")
	default:
		return skipNumber(s, i)
	}
}

func skipObject[T Text](s T, i, depth int) (int, error) {
	o, err := ReadObject(s, i, depth)
	if err != nil {
		return i, err
	}
	var m Member
	for o.Next(&m) {
	}
	return o.End(), o.Err()
}

func skipArray[T Text](s T, i, depth int) (int, error) {
	a, err := ReadArray(s, i, depth)
	if err != nil {
		return i, err
	}
	for {
		start, more := a.Next()
		if !more {
			return a.End(), a.Err()
		}
		end, err := SkipValue(s, start, depth+1)
		if err != nil {
			return end, err
		}
		a.Skip(end)
	}
}

func skipLiteral[T Text](s T, i int, literal string) (int, error) {
	if len(s)-i < len(literal) || string(s[i:i+len(literal)]) != literal {
		return i, syntax(i, "want "+literal)
	}
	return i + len(literal), nil
}

func skipNumber[T Text](s T, i int) (int, error) {
	start := i
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	case i < len(s) && isDigit(s[i]):
		i = skipDigits(s, i)
	case i == start:
		return i, syntax(i, "want a value")
	default:
		return i, syntax(i, "want a digit")
	}
	if i < len(s) && s[i] == '.' {
		i++
		if i >= len(s) || !isDigit(s[i]) {
			return i, syntax(i, "want a digit after the decimal point")
		}
		i = skipDigits(s, i)
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if i >= len(s) || !isDigit(s[i]) {
			return i, syntax(i, "want a digit in the exponent")
		}
		i = skipDigits(s, i)
	}
	return i, nil
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func skipDigits[T Text](s T, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns the index of the first byte at or after i that is a quote, a backslash, a
// control character or above 0x7f, or len(s). It looks at eight bytes at once.
func plain[T Text](s T, i int) int {
	for i+8 <= len(s) {
		if m := special(load(s, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] < 0x80 {
		i++
	}
	return i
}

// appendPlain appends s[i:] to dst up to the first quote, backslash or control character
// and returns its index, or len(s). It moves eight bytes at once: within the capacity of
// dst it writes up to eight bytes behind the appended text.
func appendPlain[T Text](dst []byte, s T, i int) ([]byte, int) {
	for i+8 <= len(s) {
		if cap(dst)-len(dst) < 8 {
			dst = slices.Grow(dst, 64)
		}
		w, end := load(s, i), len(dst)
		store(dst[end:end+8], w)
		if m := structural(w) & highs; m != 0 {
			n := bits.TrailingZeros64(m) >> 3
			return dst[:end+n], i + n
		}
		dst, i = dst[:end+8], i+8
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' {
		dst, i = append(dst, s[i]), i+1
	}
	return dst, i
}

// load returns the eight bytes at s[i], the first of them lowest.
func load[T Text](s T, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// store writes w to b as eight bytes, the lowest first. Unlike the function of
// encoding/binary it is inlined where it is used.
func store(b []byte, w uint64) {
	_ = b[7]
	b[0], b[1], b[2], b[3] = byte(w), byte(w>>8), byte(w>>16), byte(w>>24)
	b[4], b[5], b[6], b[7] = byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56)
}

// special sets the high bit of each byte of w that is not plain ASCII.
func special(w uint64) uint64 {
	return (w | (w - ' '*ones) | ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones)) & highs
}

// structural sets the high bit of each byte of w that is a quote, a backslash or a control
// character. The other bits mean nothing. Borrows can set further high bits, but only above
// a correct one: the lowest high bit is exact.
func structural(w uint64) uint64 {
	quote, backslash := w^'"'*ones, w^'\\'*ones
	return (w-' '*ones)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash
}
