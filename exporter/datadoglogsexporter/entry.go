package datadoglogsexporter

import (
	"slices"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// entry is the JSON object of a record while it is written. It knows the names of
// its members, so that no name comes twice. Begin makes it ready for a record.
type entry struct {
	dst   []byte
	start int // where the first member stands in dst
	names []string
}

// begin begins an object at the end of dst.
func (e *entry) begin(dst []byte) {
	dst = append(dst, '{')
	e.dst, e.start, e.names = dst, len(dst), e.names[:0]
}

func (e *entry) has(name string) bool { return slices.Contains(e.names, name) }

func (e *entry) hasAny(is func(string) bool) bool { return slices.ContainsFunc(e.names, is) }

// add appends a member's name and colon.
func (e *entry) add(name string) {
	e.dst = appendKey(e.dst, e.start, name)
	e.note(name)
}

func (e *entry) addString(name, value string) {
	e.add(name)
	e.dst = jsonscan.AppendQuoted(e.dst, value)
}

// note remembers the name of a member that is written, or stands in a text that
// will be.
func (e *entry) note(name string) { e.names = append(e.names, name) }

// noteMember remembers a member of text.
func (e *entry) noteMember(text string, m *jsonscan.Member) {
	name := key(text, m)
	e.note(name)
	if text[m.Value] != '{' || !isParent(name) {
		return
	}
	o, _ := jsonscan.ReadObject(text, m.Value, 0) // it was read before
	var child jsonscan.Member
	for o.Next(&child) {
		e.note(name + "." + key(text, &child))
	}
}

// key returns the name of a member of text.
func key(text string, m *jsonscan.Member) string {
	if !m.KeyEscaped {
		return text[m.Key+1 : m.KeyEnd-1]
	}
	name, _, _ := jsonscan.AppendString(nil, text, m.Key) // it was read before
	return string(name)
}

// isParent tells whether Datadog reads members of the member of that name: `syslog.timestamp`
// and {"syslog": {"timestamp": …}} are the same to it.
func isParent(name string) bool { return name == "dd" || name == "otel" || name == "syslog" }
