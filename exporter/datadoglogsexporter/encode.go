package datadoglogsexporter

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// The members that Datadog reads source, service and tags from:
// https://docs.datadoghq.com/api/latest/logs/#send-logs.
const (
	keySource  = "ddsource"
	keyService = "service"
	keyTags    = "ddtags"
)

// labels is what is added to each record of a resource.
type labels struct {
	members                        string // as JSON, without the braces
	hasSource, hasService, hasTags bool
}

// newLabels reads the attributes of a resource. Where one is absent its label
// is absent too; the tags are those of Stytch's own stream and the user's.
func newLabels(attrs pcommon.Map, tags []string) *labels {
	var l labels
	var members []byte
	add := func(key, value string) bool {
		if value == "" {
			return false
		}
		if len(members) > 0 {
			members = append(members, ',')
		}
		members = jsonscan.AppendQuoted(members, key)
		members = append(members, ':')
		members = jsonscan.AppendQuoted(members, value)
		return true
	}
	service := text(attrs, stytch.AttrServiceName)
	var all []string
	if service != "" {
		all = append(all, "service:"+service)
	}
	if env := text(attrs, stytch.AttrEnvironment); env != "" {
		all = append(all, "env:"+env)
	}
	l.hasSource = add(keySource, text(attrs, stytch.AttrSource))
	l.hasService = add(keyService, service)
	l.hasTags = add(keyTags, strings.Join(append(all, tags...), ","))
	l.members = string(members)
	return &l
}

func text(attrs pcommon.Map, name string) string {
	if v, ok := attrs.Get(name); ok {
		return v.AsString()
	}
	return ""
}

// replaces tells whether a member of the event named key gives way to ours.
func (l *labels) replaces(key string) bool {
	switch key {
	case keySource:
		return l.hasSource
	case keyService:
		return l.hasService
	case keyTags:
		return l.hasTags
	default:
		return false
	}
}

// append encodes the record as one entry.
func (r *record) append(dst []byte) []byte {
	body := r.Body().AsString() // of a string body, the string itself
	if entry, ok := r.labels.appendEvent(dst, body); ok {
		return entry
	}
	dst = append(dst, `{"message":`...)
	dst = jsonscan.AppendQuoted(dst, body)
	return r.labels.appendEnd(dst, true)
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
		if l.replaces(key(text, &m)) {
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

func key(text string, m *jsonscan.Member) string {
	if !m.KeyEscaped {
		return text[m.Key+1 : m.KeyEnd-1]
	}
	key, _, _ := jsonscan.AppendString(nil, text, m.Key) // it was read before
	return string(key)
}

// appendEnd appends the labels and the closing brace.
func (l *labels) appendEnd(dst []byte, members bool) []byte {
	if members && l.members != "" {
		dst = append(dst, ',')
	}
	dst = append(dst, l.members...)
	return append(dst, '}')
}
