package jsonscan

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s to dst as a JSON string. It escapes no more than it
// must: the quote, the backslash and control characters. Bytes that are not
// valid UTF-8 become U+FFFD one by one, as in encoding/json.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
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
