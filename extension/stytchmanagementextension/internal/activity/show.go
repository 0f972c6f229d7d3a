package activity

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// show reads the fields of an event that a row has, and masks it unless the log is full.
func (l *Log) show(c *candidate) Event {
	e := Event{
		Number: c.number, At: c.at, Destination: c.destination, Size: c.size,
		Project: c.project, Action: c.action, Status: c.status,
	}
	if c.size > len(c.body) {
		e.JSON = fmt.Sprintf("The event has %d bytes: too many to be kept for this page.", c.size)
		return e
	}
	masked, err := mask(c.body)
	switch {
	case err == nil && l.full:
		e.JSON = c.body
	case err == nil:
		e.JSON = masked
	case l.full:
		e.JSON = strings.ToValidUTF8(c.body, "\uFFFD")
	default:
		e.JSON = fmt.Sprintf("%d bytes that are no JSON object. They are shown with show: full.", c.size)
	}
	if err == nil {
		e.read(e.JSON)
	}
	return e
}

// people are the fields that say who an event is about, the most telling first.
var people = []string{"email_address", "phone_number", "member_id", "user_id", "organization_id", "network_ip_address"}

// read takes the fields of a row out of what is shown.
func (e *Event) read(text string) {
	o, err := jsonscan.ReadObject(text, jsonscan.SkipSpace(text, 0), 0)
	if err != nil {
		return
	}
	who := map[string]string{}
	var m jsonscan.Member
	for o.Next(&m) {
		key, value := text[m.Key+1:m.KeyEnd-1], text[m.Value:m.End]
		switch key {
		case "request_id":
			e.Request = plain(value)
		case "http_status_code":
			if _, err := strconv.Atoi(value); err == nil {
				e.Code = value
			}
		case "message_status":
			e.Status = plain(value)
		case "stytch_api_error":
			e.Error = member(value, "error_type")
		default:
			for _, name := range people {
				if key == name {
					who[name] = plain(value)
				}
			}
		}
	}
	for _, name := range people {
		if e.Who = who[name]; e.Who != "" {
			return
		}
	}
}

// member returns a string member of a JSON object, or "".
func member(text, name string) string {
	o, err := jsonscan.ReadObject(text, 0, 1)
	if err != nil {
		return ""
	}
	var m jsonscan.Member
	found := ""
	for o.Next(&m) {
		if text[m.Key+1:m.KeyEnd-1] == name {
			found = plain(text[m.Value:m.End])
		}
	}
	return found
}

// plain takes a JSON string out of its quotes, at most 100 bytes of it. Other values
// are "".
func plain(value string) string {
	if !strings.HasPrefix(value, `"`) {
		return ""
	}
	s, _, err := jsonscan.AppendString(nil, value, 0)
	if err != nil {
		return ""
	}
	if len(s) > 100 {
		return strings.ToValidUTF8(string(s[:100]), "") + "…"
	}
	return string(s)
}
