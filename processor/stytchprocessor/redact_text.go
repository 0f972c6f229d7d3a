package stytchprocessor

import (
	"encoding/hex"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// text redacts the fields in the text of an event. It returns nil if there is nothing to
// hide, else the new text, which is valid until the next call, with every other byte as it
// was. It returns false unless the text is one JSON object in valid UTF-8, with or without
// white space around it.
//
// A dropped member goes with the comma and the white space after it, the last one with
// those before it.
func (e *editor) text(s string) (redacted []byte, ok bool) {
	o, err := jsonscan.ReadObject(s, jsonscan.SkipSpace(s, 0), 0)
	if err != nil {
		return nil, false
	}
	out, copied := e.out[:0], 0
	cut, cutEnd := -1, -1 // the members to drop since the last that stays
	kept := -1            // the end of the last that stays
	var m jsonscan.Member
	for o.Next(&m) {
		f := e.field(s, &m)
		if f != nil && f.with == RedactDrop {
			if cut < 0 {
				cut = m.Key
			}
			cutEnd = m.End
			continue
		}
		if cut >= 0 {
			out, copied, cut = append(out, s[copied:cut]...), m.Key, -1
		}
		if f != nil && hides(s[m.Value:m.End]) {
			out = append(out, s[copied:m.Value]...)
			out, copied = e.appendRedacted(out, f, s, &m), m.End
		}
		kept = m.End
	}
	if o.Err() != nil || jsonscan.SkipSpace(s, o.End()) != len(s) {
		return nil, false
	}
	if cut >= 0 {
		if kept >= 0 {
			cut = kept
		}
		out, copied = append(out, s[copied:cut]...), cutEnd
	}
	if copied == 0 {
		return nil, true
	}
	out = append(out, s[copied:]...)
	e.out = out
	return out, true
}

// field returns the field that a member of s is, or nil.
func (e *editor) field(s string, m *jsonscan.Member) *redactedField {
	name := s[m.Key+1 : m.KeyEnd-1]
	if m.KeyEscaped {
		decoded, _, _ := jsonscan.AppendString(nil, s, m.Key) // it was read before
		name = string(decoded)
	}
	if e.lengths&lengthBit(name) == 0 {
		return nil
	}
	for i := range e.fields {
		if e.fields[i].name == name {
			return &e.fields[i]
		}
	}
	return nil
}

// hides tells whether a value has something to hide. Stytch writes "" for a field that
// does not apply.
func hides(value string) bool { return value != `""` && value != "null" }

// appendRedacted appends what stands for the value of m: a JSON string.
func (e *editor) appendRedacted(dst []byte, f *redactedField, s string, m *jsonscan.Member) []byte {
	isString := s[m.Value] == '"'
	if isString {
		e.value, _, _ = jsonscan.AppendString(e.value[:0], s, m.Value) // it was read before
	} else {
		e.value = append(e.value[:0], s[m.Value:m.End]...)
	}
	switch {
	case f.with == RedactHash:
		dst = append(dst, '"')
		dst = e.appendHash(dst, e.value)
		return append(dst, '"')
	case isString:
		return jsonscan.AppendQuoted(dst, mask(string(e.value)))
	default:
		return append(dst, `"`+hidden+`"`...)
	}
}

// appendHash appends the hash of a value in hexadecimal.
func (e *editor) appendHash(dst, value []byte) []byte {
	e.mac.Reset()
	e.mac.Write(value)
	e.sum = e.mac.Sum(e.sum[:0])
	return hex.AppendEncode(dst, e.sum)
}
