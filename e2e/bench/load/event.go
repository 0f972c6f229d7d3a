package load

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// Mark begins every event's id; SequenceDigits hexadecimal digits follow it. Nothing else in a
// request holds it, so a sink finds events by it without parsing, however they are wrapped.
const (
	Mark           = "event-live-0be9c4be-0000-4000-8000-"
	SequenceDigits = 12
)

// template is an event. A # becomes a random hexadecimal digit, a $ with its letter what write
// puts there. Its length is about that of the events of a project with organizations and sessions.
const template = `{"_timestamp":$u,"timestamp":$m,"time":"$t","action":"$a","status":"$s","http_status_code":200,` +
	`"event_id":"$i","request_id":"request-id-live-########-####-4###-8###-############",` +
	`"project_id":"$p","project_name":"Harbour Ferry",` +
	`"organization_id":"organization-live-########-####-4###-8###-############",` +
	`"member_id":"member-live-########-####-4###-8###-############",` +
	`"session_id":"session-live-########-####-4###-8###-############","session_jwt_hash":"",` +
	`"session_token_hash":"############################################","session_duration_minutes":60,` +
	`"ip_address":"203.0.113.#","sdk":"go",` +
	`"user_agent":["Stytch Go v16.20.0","Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"],"severity":"info"}`

var actions = []string{
	"SessionsAuthenticate", "PasswordsAuthenticate", "MagicLinksAuthenticate", "MultiTenantSessionsAuthenticate", "OAuthAuthenticate",
}

var statuses = []string{"Start", "Success"}

// writer writes events that differ from each other as much as real ones do: a compressor must not
// find one in another.
type writer struct {
	random   *rand.Rand
	projects int
}

// append writes the event of a sequence number.
func (w *writer) append(dst []byte, sequence int, at time.Time) []byte {
	var bits uint64
	for i := 0; i < len(template); i++ {
		switch c := template[i]; c {
		case '#':
			if bits < 16 {
				bits = w.random.Uint64() | 1<<63
			}
			dst = append(dst, "0123456789abcdef"[bits&15])
			bits >>= 4
		case '$':
			i++
			dst = w.value(dst, template[i], sequence, at)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func (w *writer) value(dst []byte, name byte, sequence int, at time.Time) []byte {
	switch name {
	case 'u':
		return strconv.AppendInt(dst, at.UnixMicro(), 10)
	case 'm':
		return strconv.AppendInt(dst, at.UnixMilli(), 10)
	case 't':
		return at.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	case 'a':
		return append(dst, actions[w.random.IntN(len(actions))]...)
	case 's':
		return append(dst, statuses[w.random.IntN(len(statuses))]...)
	case 'i':
		return hex(append(dst, Mark...), sequence)
	case 'p':
		return hex(append(dst, "project-live-5ca1ab1e-0000-4000-8000-"...), sequence%w.projects)
	default:
		panic("load: no such value: " + string(name))
	}
}

// hex appends n in SequenceDigits digits.
func hex(dst []byte, n int) []byte {
	for shift := 4 * (SequenceDigits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[n>>shift&15])
	}
	return dst
}
