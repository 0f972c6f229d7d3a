package activity

import (
	"strings"
	"unicode/utf8"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// shown are the fields that are shown as they are: they say what happened, not to whom.
// Every other field is masked, those too that Stytch will add one day.
var shown = set("event_id", "project_id", "project_name", "action", "status", "request_id", "_timestamp", "timestamp", "time",
	"http_status_code", "severity", "message_status", "delivery_latency_seconds", "session_duration_minutes", "oauth_provider",
	"user_agent", "verdict_action", "source", "object_type")

// shownOfError are the members of stytch_api_error that are shown as they are.
var shownOfError = set("status_code", "request_id", "error_type", "error_url")

func set(names ...string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}

// mask returns a JSON object with its values masked, but for those of shown, for
// booleans and for null. Its error is that text is no JSON object.
func mask(text string) (string, error) {
	m := masker{text: text, out: make([]byte, 0, len(text))}
	end, err := m.object(jsonscan.SkipSpace(text, 0), 0, shown)
	if err != nil {
		return "", err
	}
	return string(m.out), jsonscan.CheckEnd(text, end, "object")
}

type masker struct {
	text string
	out  []byte
}

// object masks the object at i. Plain are the names of the members that stay.
func (m *masker) object(i, depth int, plain map[string]bool) (end int, err error) {
	o, err := jsonscan.ReadObject(m.text, i, depth)
	if err != nil {
		return i, err
	}
	m.out = append(m.out, '{')
	var member jsonscan.Member
	for first := true; o.NextKey(&member); first = false {
		if !first {
			m.out = append(m.out, ',')
		}
		name := m.text[member.Key+1 : member.KeyEnd-1]
		m.name(name)
		switch {
		case depth == 0 && name == "stytch_api_error" && strings.HasPrefix(m.text[member.Value:], "{"):
			end, err = m.object(member.Value, depth+1, shownOfError)
		case name == "error_message" && (depth != 1 || plain == nil): // of something else
			end, err = m.value(member.Value, depth+1, "", false)
		default:
			end, err = m.value(member.Value, depth+1, name, plain[name])
		}
		if err != nil {
			return end, err
		}
		o.Skip(end)
	}
	m.out = append(m.out, '}')
	return o.End(), o.Err()
}

// name writes a member's name. One that is no identifier could be an address.
func (m *masker) name(name string) {
	m.out = append(m.out, '"')
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) || allDigits(name) {
		m.out = append(m.out, "••••"...)
	} else {
		m.out = append(m.out, name...)
	}
	m.out = append(m.out, '"', ':')
}

// allDigits tells whether a name could be a telephone's number.
func allDigits(name string) bool { return strings.Trim(name, "0123456789-") == "" }

// value masks the value at i of the member of this name, unless it is plain.
func (m *masker) value(i, depth int, name string, plain bool) (end int, err error) {
	if i >= len(m.text) {
		return jsonscan.SkipValue(m.text, i, depth)
	}
	switch m.text[i] {
	case '{': // what is plain is no object
		return m.object(i, depth, nil)
	case '[':
		return m.array(i, depth, name, plain)
	case '"':
		if end, _, err = jsonscan.SkipString(m.text, i); err != nil {
			return end, err
		}
		if plain {
			m.out = append(m.out, m.text[i:end]...)
			return end, nil
		}
		value, _, err := jsonscan.AppendString(nil, m.text, i)
		m.out = jsonscan.AppendQuoted(m.out, maskText(name, string(value)))
		return end, err
	default:
		if end, err = jsonscan.SkipValue(m.text, i, depth); err != nil {
			return end, err
		}
		if literal := m.text[i:end]; plain || literal == "true" || literal == "false" || literal == "null" {
			m.out = append(m.out, literal...)
		} else {
			m.out = append(m.out, `"••••"`...)
		}
		return end, nil
	}
}

func (m *masker) array(i, depth int, name string, plain bool) (end int, err error) {
	a, err := jsonscan.ReadArray(m.text, i, depth)
	if err != nil {
		return i, err
	}
	m.out = append(m.out, '[')
	for first := true; ; first = false {
		start, more := a.Next()
		if !more {
			break
		}
		if !first {
			m.out = append(m.out, ',')
		}
		if end, err = m.value(start, depth+1, name, plain); err != nil {
			return end, err
		}
		a.Skip(end)
	}
	m.out = append(m.out, ']')
	return a.End(), a.Err()
}

// idFields are ids of Stytch, which name nobody to whom has not got the database. Their
// last four characters tell one from another.
var idFields = set("user_id", "member_id", "organization_id", "session_id", "member_session_id", "method_id", "oauth_config_id")

// maskText masks a text so that two that differ can mostly still be told apart.
func maskText(name, value string) string {
	switch {
	case value == "":
		return ""
	case name == "error_message" && !strings.ContainsFunc(value, func(r rune) bool { return r == '@' || r >= '0' && r <= '9' || r > '~' }):
		return value // a sentence of Stytch's, without anybody's address or number
	case idFields[name] && len(value) > 20 && ascii(value):
		kind, rest, found := strings.Cut(value, "-live-")
		between := "-live-"
		if !found {
			kind, rest, found = strings.Cut(value, "-test-")
			between = "-test-"
		}
		if !found || len(rest) < 12 || len(kind) > 20 {
			return "••••" + value[len(value)-4:]
		}
		return kind + between + "••••" + value[len(value)-4:]
	case name == "email_address":
		user, domain, found := strings.Cut(value, "@")
		first, size := utf8.DecodeRuneInString(user)
		dot := strings.LastIndexByte(domain, '.')
		if !found || size == 0 || dot < 0 || len(domain)-dot > 7 {
			return "••••"
		}
		return string(first) + "•••@••••" + domain[dot:]
	case name == "phone_number" && len(value) > 8 && ascii(value):
		return "••••" + value[len(value)-2:]
	default:
		return "••••"
	}
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}
