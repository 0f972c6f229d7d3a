package load

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// Mark begins every event's id; SequenceDigits hexadecimal digits follow it. Nothing else in a
// request holds it, so a sink finds events by it without parsing, however they are wrapped.
const (
	Mark           = "event-live-"
	SequenceDigits = 8
)

// template is an event. A # becomes a random hexadecimal digit, a % a random character of base64, a
// $ with its letter what value writes. Its length is about that of the events of a project with
// organizations and sessions.
const template = `{"_timestamp":$u,"timestamp":$m,"time":"$t","action":"$a","status":"$s","http_status_code":200,` +
	`"event_id":"$i-####-4###-8###-############","request_id":"request-id-live-########-####-4###-8###-############",` +
	`"project_id":"project-live-$p-0000-4000-8000-000000000000","project_name":"Harbour Ferry",` +
	`"organization_id":"organization-live-########-####-4###-8###-############",` +
	`"member_id":"member-live-########-####-4###-8###-############",` +
	`"session_id":"session-live-########-####-4###-8###-############","session_jwt_hash":"",` +
	`"session_token_hash":"%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%=","session_duration_minutes":60,` +
	`"ip_address":"203.0.113.#","sdk":"go","user_agent":["Stytch Go v16.20.0","$b"],"severity":"info"}`

var (
	actions = []string{
		"SessionsAuthenticate", "PasswordsAuthenticate", "MagicLinksAuthenticate", "MultiTenantSessionsAuthenticate", "OAuthAuthenticate",
	}
	statuses = []string{"Start", "Success"}
	browsers = []string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "Mozilla/5.0 (Macintosh; Intel Mac OS X) Gecko/20100101",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140", "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0) Version/26.0",
	}
)

const (
	hexDigits    = "0123456789abcdef"
	base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// writer writes events that differ from each other as much as real ones do: a compressor must not
// find one in another.
type writer struct {
	random   *rand.Rand
	projects int
	run      int // events in a row of one project
}

// Project is the id of a project, counted from 0.
func Project(n int) string {
	return "project-live-" + string(number(nil, n)) + "-0000-4000-8000-000000000000"
}

// append writes the event of a sequence number.
func (w *writer) append(dst []byte, sequence int, at time.Time) []byte {
	for i := 0; i < len(template); i++ {
		switch c := template[i]; c {
		case '#':
			dst = append(dst, hexDigits[w.random.Uint32()>>28])
		case '%':
			dst = append(dst, base64Digits[w.random.Uint32()>>26])
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
	one := func(of []string) []byte { return append(dst, of[w.random.IntN(len(of))]...) }
	switch name {
	case 'u':
		return strconv.AppendInt(dst, at.UnixMicro(), 10)
	case 'm':
		return strconv.AppendInt(dst, at.UnixMilli(), 10)
	case 't':
		return at.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	case 'a':
		return one(actions)
	case 's':
		return one(statuses)
	case 'b':
		return one(browsers)
	case 'i':
		return number(append(dst, Mark...), sequence)
	case 'p':
		return number(dst, sequence/w.run%w.projects)
	default:
		panic("load: no such value: " + string(name))
	}
}

// number appends n in SequenceDigits hexadecimal digits.
func number(dst []byte, n int) []byte {
	for shift := 4 * (SequenceDigits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[n>>shift&15])
	}
	return dst
}
