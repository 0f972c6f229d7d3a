package jsonscan

import "math/bits"

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s to dst as a JSON string. It escapes only quotes, backslashes and
// control characters. Each byte that is not part of valid UTF-8 becomes U+FFFD, as in
// encoding/json.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		out, in := quoteRuns(dst[len(dst):cap(dst)], s[i:])
		dst, i = dst[:len(dst)+out], i+in
		start := i
		i = plain(s, i)
		dst = append(dst, s[start:i]...)
		if i >= len(s) {
			break
		}
		switch c := s[i]; {
		case c >= 0x80:
			n := runeLen(s, i)
			if n == 0 {
				dst = append(dst, "\uFFFD"...)
				i++
				continue
			}
			dst = append(dst, s[i:i+n]...)
			i += n
			continue
		case c == '"', c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
		i++
	}
	return append(dst, '"')
}

// quoteRuns is the inverse of appendRuns: it writes plain ASCII and escaped quotes from s to
// dst, as far as there is room. It stops at anything else, and up to eight bytes before the
// end. It returns the number of bytes that it used of dst and of s.
func quoteRuns(dst []byte, s string) (out, i int) {
	for i+8 <= len(s) && out+8 <= len(dst) {
		w := load(s, i)
		store(dst[out:out+8], w)
		m := special(w)
		if m == 0 {
			i, out = i+8, out+8
			continue
		}
		k := bits.TrailingZeros64(m) >> 3
		i, out = i+k, out+k
		if s[i] != '"' || i+3 > len(s) || out+8 > len(dst) {
			break
		}
		if s[i+2] == '"' && (s[i+1] == ':' || s[i+1] == ',') {
			store(dst[out:out+8], '\\'|'"'<<8|uint64(s[i+1])<<16|'\\'<<24|'"'<<32)
			i, out = i+3, out+5
		} else {
			dst[out], dst[out+1] = '\\', '"'
			i, out = i+1, out+2
		}
	}
	return out, i
}
