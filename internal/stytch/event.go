package stytch

import (
	"errors"
	"fmt"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// Event holds the fields of one event. Its strings share the memory of the scanned text,
// except those with escapes. It can be used for one event after another, by one goroutine.
type Event struct {
	ID        string // event_id
	ProjectID string // project_id
	Action    string // action
	Status    string // status, as written
	RequestID string // request_id

	// ProjectIDs is how many members are named project_id. ProjectID is the last one's: who reads
	// the event may take another one.
	ProjectIDs int

	// The parts of a webhook's type; absent on event logs.
	Source     string // source
	ObjectType string // object_type

	// HTTPStatusCode is http_status_code if HasHTTPStatusCode is true.
	HTTPStatusCode    int64
	HasHTTPStatusCode bool

	// Raw JSON of the three fields that state the time; Time reads them.
	micros, millis, rfc3339 string

	// promoted holds the raw JSON of the fields in promote, in their order; "" if absent.
	promoted []string
}

// Field is a further root member that becomes a record attribute.
type Field struct{ name, attribute string }

// Fields returns the fields of these names. The attribute of a field is AttrPrefix and its
// name.
func Fields(names []string) []Field {
	fields := make([]Field, len(names))
	for i, name := range names {
		fields[i] = Field{name: name, attribute: AttrPrefix + name}
	}
	return fields
}

// CheckFields checks the names of promote. Its errors name the element.
func CheckFields(names []string) error {
	var errs []error
	for i, name := range names {
		if name == "" {
			errs = append(errs, fmt.Errorf("promote::%d: must name a field of the event", i))
		}
	}
	return errors.Join(errs...)
}

// Scan reads text into e and replaces all fields of e. It returns a *jsonscan.SyntaxError
// unless text is one valid JSON object in valid UTF-8, with or without white space around
// it. Promote lists further fields to read for Record. After an error e is not to be used.
func (e *Event) Scan(text string, promote []Field) error {
	return e.ScanIndexed(text, nil, promote)
}

// ScanIndexed is Scan of a text with its index, which may be empty.
func (e *Event) ScanIndexed(text string, index jsonscan.QuoteIndex, promote []Field) error {
	end, err := e.scan(text, jsonscan.SkipSpace(text, 0), index, promote)
	if err != nil {
		return err
	}
	return jsonscan.CheckEnd(text, end, "object")
}

// ScanAt is Scan of the object that starts at text[i], whatever follows it. It returns the
// index after the object.
func (e *Event) ScanAt(text string, i int, promote []Field) (end int, err error) {
	return e.scan(text, i, nil, promote)
}

func (e *Event) scan(text string, i int, index jsonscan.QuoteIndex, promote []Field) (end int, err error) {
	*e = Event{promoted: append(e.promoted[:0], make([]string, len(promote))...)}
	o, err := jsonscan.ReadObject(text, i, 0)
	if err != nil {
		return i, err
	}
	o.SetQuotes(index)
	var m jsonscan.Member
	for o.Next(&m) {
		key := text[m.Key+1 : m.KeyEnd-1]
		if m.KeyEscaped {
			key = unquote(text[m.Key:m.KeyEnd])
		}
		e.set(key, text[m.Value:m.End], m.Escaped)
		for i := range promote {
			if promote[i].name == key {
				e.promoted[i] = text[m.Value:m.End]
			}
		}
	}
	return o.End(), o.Err()
}

func (e *Event) set(key, raw string, escaped bool) {
	switch key {
	case "event_id":
		e.ID = str(raw, escaped)
	case "project_id":
		e.ProjectID = str(raw, escaped)
		e.ProjectIDs++
	case "action":
		e.Action = str(raw, escaped)
	case "status":
		e.Status = str(raw, escaped)
	case "request_id":
		e.RequestID = str(raw, escaped)
	case "source":
		e.Source = str(raw, escaped)
	case "object_type":
		e.ObjectType = str(raw, escaped)
	case "http_status_code":
		e.HTTPStatusCode, e.HasHTTPStatusCode = integer(raw)
	case "_timestamp":
		e.micros = raw
	case "timestamp":
		e.millis = raw
	case "time":
		e.rfc3339 = raw
	}
}

// str returns the value of a JSON string, or "" for any other value.
func str(raw string, escaped bool) string {
	switch {
	case raw[0] != '"':
		return ""
	case escaped:
		return unquote(raw)
	default:
		return raw[1 : len(raw)-1]
	}
}

// unquote returns the value of a valid JSON string.
func unquote(raw string) string {
	value, _, _ := jsonscan.AppendString(nil, raw, 0)
	return string(value)
}

// integer returns the value of a JSON number without fraction and exponent
// that fits an int64.
func integer(raw string) (n int64, ok bool) {
	digits := raw
	if raw[0] == '-' {
		digits = raw[1:]
	}
	if len(digits) == 0 || len(digits) > 19 { // math.MaxInt64 has 19 digits
		return 0, false
	}
	var u uint64
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	switch {
	case raw[0] == '-' && u <= 1<<63:
		return -int64(u), true
	case raw[0] != '-' && u < 1<<63:
		return int64(u), true
	default:
		return 0, false
	}
}
