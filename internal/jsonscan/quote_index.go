package jsonscan

import (
	"math"
	"math/bits"
	"slices"
)

// QuoteIndex holds the byte offset of every quote of a text, in order. Only a text
// of plain ASCII without a backslash or a control character has one: in such a text
// a string ends at the next quote, and nobody need read what is between. An empty
// index says nothing about the text.
type QuoteIndex []uint32

// AppendIndexed is AppendString, and appends the QuoteIndex of the value to index. It
// appends nothing where the value has none, or where index has too little room: it
// never grows index, so that a sender cannot make it large by sending quotes.
func AppendIndexed(dst []byte, index QuoteIndex, s []byte, i int) ([]byte, QuoteIndex, int, error) {
	if i >= len(s) || s[i] != '"' || uint64(len(s)) > math.MaxUint32 {
		dst, i, err := AppendString(dst, s, i)
		return dst, index, i, err
	}
	i++
	start, known := len(dst), len(index)
	out, in, n := appendRuns(dst[start:cap(dst)], index[known:cap(index)], s[i:])
	for cap(dst)-start-out < 8 { // the room was too small: once more, from the beginning
		dst = slices.Grow(dst, 1024+2*out)
		out, in, n = appendRuns(dst[start:cap(dst)], index[known:cap(index)], s[i:])
	}
	dst, index, i = dst[:start+out], index[:known+n], i+in
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '"':
			return dst, index, i + 1, nil
		case c == '\\' && i+1 < len(s) && s[i+1] == '"' && len(index) < cap(index):
			index = append(index, uint32(len(dst)-start))
			i, c = i+1, '"'
		case c == '\\' || c < ' ' || c >= 0x80:
			dst, i, err := appendRest(dst, s, i)
			return dst, index[:known], i, err
		}
		dst = append(dst, c)
	}
	return dst, index[:known], i, syntax(i, "the string does not end")
}

// appendRuns writes plain ASCII and unescaped quotes from s to dst, and their positions to
// index, as far as both have room. It stops at the closing quote, at anything else, and up
// to eight bytes before the end. It returns the number of elements that it used of dst, s
// and index.
func appendRuns(dst []byte, index QuoteIndex, s []byte) (out, i, n int) {
	const (
		quote = '\\' | '"'<<8
		colon = ':' | quote<<8
		comma = ',' | quote<<8
	)
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
		if i+8 > len(s) || out+8 > len(dst) || n+2 > len(index) {
			break
		}
		w = load(s, i)
		if w&0xffff != quote {
			break
		}
		index[n] = uint32(out)
		if next := w >> 16 & 0xffffff; next == colon || next == comma { // half of all quotes
			index[n+1] = uint32(out + 2)
			store(dst[out:out+8], '"'|next&0xff<<8|'"'<<16)
			i, out, n = i+5, out+3, n+2
		} else {
			dst[out] = '"'
			i, out, n = i+2, out+1, n+1
		}
	}
	return out, i, n
}

// jump reads the next member by the index if its value is a string, behind a comma and
// without white space, as programs write it. Otherwise it returns false.
func (o *Object[T]) jump(m *Member) bool {
	k, i := o.quote, o.end
	if k+4 > len(o.index) || !o.begun {
		return false
	}
	quotes := o.index[k : k+4]
	key, keyEnd, value, end := int(quotes[0]), int(quotes[1]), int(quotes[2]), int(quotes[3])
	if key != i+1 || value != keyEnd+2 || o.text[i] != ',' || o.text[keyEnd+1] != ':' {
		return false
	}
	*m = Member{Key: key, KeyEnd: keyEnd + 1, Value: value, End: end + 1}
	o.quote, o.end = k+4, end+1
	return true
}

// skipString is SkipString, by the index if there is one.
func (o *Object[T]) skipString(i int) (end int, escaped bool, err error) {
	for o.quote < len(o.index) && int(o.index[o.quote]) < i { // in a value that was read without the index
		o.quote++
	}
	if k := o.quote + 1; k < len(o.index) {
		o.quote = k + 1
		return int(o.index[k]) + 1, false, nil
	}
	return SkipString(o.text, i)
}
