package datadoglogsexporter

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// append encodes the record as one entry, however long.
func (r *record) append(dst []byte) []byte {
	if body := r.Body(); body.Type() == pcommon.ValueTypeStr {
		if entry, ok := r.labels.appendEvent(dst, body.Str()); ok {
			return entry
		}
	}
	return r.appendMessage(dst)
}

// appendEvent appends the JSON object in text with the labels added at its
// end, every other byte of it as it stands. It returns false, and dst as it
// was, unless text is exactly one valid JSON object in valid UTF-8.
func (l *labels) appendEvent(dst []byte, text string) ([]byte, bool) {
	o, err := jsonscan.ReadObject(text, jsonscan.SkipSpace(text, 0), 0)
	if err != nil {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, '{')
	// Members that stay are copied in runs, with the commas and the white
	// space between them; a run ends where a member is cut out.
	run, runEnd := o.End(), -1
	members := false
	flush := func() {
		if runEnd >= 0 {
			if members {
				dst = append(dst, ',')
			}
			dst = append(dst, text[run:runEnd]...)
			members = true
		}
	}
	var m jsonscan.Member
	for o.Next(&m) {
		if l.replaces(text, &m) {
			flush()
			run, runEnd = -1, -1
			continue
		}
		if run < 0 {
			run = m.Key
		}
		runEnd = m.End
	}
	if o.Err() != nil || jsonscan.SkipSpace(text, o.End()) != len(text) {
		return dst[:start], false
	}
	flush()
	return l.appendEnd(dst, members), true
}

// replaces tells whether a member of text gives way to ours.
func (l *labels) replaces(text string, m *jsonscan.Member) bool {
	if !m.KeyEscaped {
		return l.replace(text[m.Key+1 : m.KeyEnd-1])
	}
	var buf [64]byte
	key, _, _ := jsonscan.AppendString(buf[:0], text, m.Key) // it was read before
	return len(key) <= len(buf) && l.replace(string(key))
}
