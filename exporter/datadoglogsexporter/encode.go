package datadoglogsexporter

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// append encodes the record as one entry, however long.
func (r *record) append(dst []byte) []byte {
	var text string
	switch body := r.Body(); body.Type() {
	case pcommon.ValueTypeStr:
		text = body.Str()
	case pcommon.ValueTypeBytes: // of a receiver that decodes nothing
		text = string(body.Bytes().AsRaw())
	case pcommon.ValueTypeMap:
		return r.appendMap(dst, body.Map())
	default:
		return r.appendMessage(dst, body.AsString())
	}
	var ok bool
	if r.reserved.event {
		dst, ok = r.appendEvent(dst, text)
	} else {
		dst, ok = r.appendObject(dst, text)
	}
	if !ok {
		dst = r.appendMessage(dst, text)
	}
	return dst
}

// appendEvent appends the Stytch event in text with the reserved fields added at its end,
// every other byte of it as it stands. Where Datadog finds no time in it, the
// record's is added. It returns false, and dst as it was, unless text is exactly
// one valid JSON object in valid UTF-8.
func (r *record) appendEvent(dst []byte, text string) ([]byte, bool) {
	o, err := jsonscan.ReadObject(text, jsonscan.SkipSpace(text, 0), 0)
	if err != nil {
		return dst, false
	}
	begin := len(dst)
	dst = append(dst, '{')
	start := len(dst)
	// Members that stay are copied in runs, with the commas and the white
	// space between them; a run ends where a member is cut out.
	run, runEnd := o.End(), -1
	flush := func() {
		if runEnd >= 0 {
			if len(dst) > start {
				dst = append(dst, ',')
			}
			dst = append(dst, text[run:runEnd]...)
		}
	}
	dated := false
	var m jsonscan.Member
	for o.Next(&m) {
		switch r.reserved.roleIn(text, &m) {
		case replaced:
			flush()
			run, runEnd = -1, -1
			continue
		case date:
			dated = true
		}
		if run < 0 {
			run = m.Key
		}
		runEnd = m.End
	}
	if o.Err() != nil || jsonscan.SkipSpace(text, o.End()) != len(text) {
		return dst[:begin], false
	}
	flush()
	if !dated && r.at != 0 {
		dst = r.appendDate(dst, start)
	}
	return r.reserved.appendEnd(dst, len(dst) > start), true
}

// appendDate appends the record's time in milliseconds: Datadog reads no finer ones.
func (r *record) appendDate(dst []byte, start int) []byte {
	return strconv.AppendInt(appendKey(dst, start, keyTimestamp), r.at.AsTime().UnixMilli(), 10)
}

// role is what an event's member is to Datadog.
type role uint8

const (
	plain    role = iota
	replaced      // gives way to a reserved field of ours
	date          // tells the time
)

// roleIn returns the role of a member of text.
func (f *reservedFields) roleIn(text string, m *jsonscan.Member) role {
	if !m.KeyEscaped {
		return f.role(text[m.Key+1 : m.KeyEnd-1])
	}
	var buf [64]byte
	key, _, _ := jsonscan.AppendString(buf[:0], text, m.Key) // it was read before
	if len(key) > len(buf) {
		return plain
	}
	return f.role(string(key))
}

func (f *reservedFields) role(key string) role {
	switch {
	case isDate(key):
		return date
	case f.replace(key):
		return replaced
	default:
		return plain
	}
}
