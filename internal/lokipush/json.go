package lokipush

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// DecodeJSON reads the body of a push of type application/json into r. It keeps no
// reference to body. An error names the place: the path in the body, or the byte. After an
// error the content of r is not to be used.
//
// It accepts what Loki accepts: keys in any order, unknown keys, entries of more than three
// elements, streams without entries. Half a surrogate pair (`"\ud800"`) is an error, as in
// Loki. One thing is stricter: an entry without a line is an error, where Loki drops it
// silently.
func (r *Request) DecodeJSON(body []byte) error {
	r.begin(len(body))
	r.quotes = slices.Grow(r.quotes, len(body)/bytesPerQuote)
	end, err := r.root(body, jsonscan.SkipSpace(body, 0))
	if err != nil {
		return err
	}
	if err := jsonscan.CheckEnd(body, end, "request"); err != nil {
		return err
	}
	if len(r.Streams) == 0 {
		return ErrNoStreams
	}
	return nil
}

func (r *Request) root(body []byte, i int) (int, error) {
	return r.object(body, i, func(key []byte, i int) (int, error) {
		if string(key) == "streams" {
			return array(body, i, "streams", r.stream)
		}
		return jsonscan.SkipValue(body, i, 0)
	})
}

func (r *Request) stream(body []byte, i int) (int, error) {
	firstEntry := len(r.entries)
	var labels []Label
	end, err := r.object(body, i, func(key []byte, i int) (end int, err error) {
		switch string(key) {
		case "stream":
			labels, end, err = r.pairs(body, i, "stream")
			return end, err
		case "values":
			return array(body, i, "values", r.entry)
		default:
			return jsonscan.SkipValue(body, i, 0)
		}
	})
	if err != nil {
		return end, err
	}
	return end, r.addStream(labels, r.entries[firstEntry:len(r.entries):len(r.entries)])
}

// entry reads [timestamp, line] or [timestamp, line, structured metadata].
func (r *Request) entry(body []byte, i int) (int, error) {
	a, err := jsonscan.ReadArray(body, i, 0)
	if err != nil {
		return i, err
	}
	var e Entry
	n := 0
	for ; ; n++ {
		i, more := a.Next()
		if !more {
			break
		}
		var end int
		switch n {
		case 0:
			e.Timestamp, end, err = timestamp(body, i)
		case 1:
			end, err = r.line(&e, body, i)
		case 2:
			e.Metadata, end, err = r.metadata(body, i)
		default:
			end, err = jsonscan.SkipValue(body, i, 0)
		}
		if err != nil {
			return end, err
		}
		a.Skip(end)
	}
	switch {
	case a.Err() != nil:
		return a.End(), a.Err()
	case n < 2:
		return a.End(), errors.New("want a timestamp and a line")
	default:
		return a.End(), r.addEntry(e)
	}
}

// timestamp reads nanoseconds since the epoch, written as a string.
func timestamp(body []byte, i int) (ns int64, end int, err error) {
	if i >= len(body) || body[i] != '"' {
		return 0, i, errors.New("timestamp: want nanoseconds since the epoch as a string")
	}
	end, _, err = jsonscan.SkipString(body, i)
	if err != nil {
		return 0, end, fmt.Errorf("timestamp: %w", err)
	}
	digits := body[i+1 : end-1]
	for _, c := range digits {
		d := int64(c) - '0'
		if d < 0 || d > 9 || ns > (math.MaxInt64-d)/10 {
			ns = 0
			break
		}
		ns = ns*10 + d
	}
	if ns == 0 {
		return 0, end, fmt.Errorf("timestamp: want nanoseconds since the epoch, got %.40q", digits)
	}
	return ns, end, nil
}

// metadata reads structured metadata, which unlike the labels cannot be null.
func (r *Request) metadata(body []byte, i int) ([]Label, int, error) {
	if i < len(body) && body[i] != '{' {
		return nil, i, fmt.Errorf("structured metadata: %w", &jsonscan.SyntaxError{Offset: i, Want: "want an object"})
	}
	pairs, end, err := r.pairs(body, i, "structured metadata")
	if err == nil {
		err = checkMetadata(pairs)
	}
	return pairs, end, err
}

// pairs reads an object of strings: stream labels or structured metadata.
func (r *Request) pairs(body []byte, i int, what string) ([]Label, int, error) {
	first := len(r.labels)
	end, err := r.object(body, i, func(key []byte, i int) (int, error) {
		name := r.text.keep(key)
		value, end, err := r.str(body, i)
		if err != nil {
			return end, fmt.Errorf("%.64q: %w", name, err)
		}
		return end, r.addPair(first, name, value)
	})
	if err != nil {
		return nil, end, fmt.Errorf("%s: %w", what, err)
	}
	return r.labels[first:len(r.labels):len(r.labels)], end, nil
}

// str reads a string into the request's text.
func (r *Request) str(body []byte, i int) (string, int, error) {
	value, end, err := jsonscan.AppendString(r.text.scratch[:0], body, i)
	r.text.scratch = value
	if err == nil {
		err = checkSurrogates(value, body, i, end)
	}
	return r.text.keep(value), end, err
}

// line reads the line of e into the request's text.
func (r *Request) line(e *Entry, body []byte, i int) (end int, err error) {
	first := len(r.quotes)
	r.text.scratch, r.quotes, end, err = jsonscan.AppendIndexed(r.text.scratch[:0], r.quotes, body, i)
	indexed := len(r.quotes) > first // and so plain ASCII
	if err == nil && !indexed {
		err = checkSurrogates(r.text.scratch, body, i, end)
	}
	if err != nil {
		return end, fmt.Errorf("line: %w", err)
	}
	e.Line = r.text.keep(r.text.scratch)
	if indexed {
		e.Quotes = r.quotes[first:len(r.quotes):len(r.quotes)]
	}
	return end, nil
}

// object calls read with the key of each member and the index of its value; read returns
// the index after the value. A null is an object without members.
func (r *Request) object(body []byte, i int, read func(key []byte, i int) (int, error)) (int, error) {
	if i < len(body) && body[i] == 'n' {
		return jsonscan.SkipValue(body, i, 0)
	}
	o, err := jsonscan.ReadObject(body, i, 0)
	if err != nil {
		return i, err
	}
	var m jsonscan.Member
	for o.NextKey(&m) {
		key := body[m.Key+1 : m.KeyEnd-1]
		if m.KeyEscaped {
			key, _, _ = jsonscan.AppendString(nil, body, m.Key)
			if err := checkSurrogates(key, body, m.Key, m.KeyEnd); err != nil {
				return m.Key, err
			}
		}
		end, err := read(key, m.Value)
		if err != nil {
			return end, err
		}
		o.Skip(end)
	}
	return o.End(), o.Err()
}

// array calls read with the index of each element; read returns the index after the
// element. A null is an array without elements.
func array(body []byte, i int, what string, read func(body []byte, i int) (int, error)) (int, error) {
	if i < len(body) && body[i] == 'n' {
		return jsonscan.SkipValue(body, i, 0)
	}
	a, err := jsonscan.ReadArray(body, i, 0)
	if err != nil {
		return i, fmt.Errorf("%s: %w", what, err)
	}
	for n := 0; ; n++ {
		i, more := a.Next()
		if !more {
			return a.End(), a.Err()
		}
		end, err := read(body, i)
		if err != nil {
			return end, fmt.Errorf("%s[%d]: %w", what, n, err)
		}
		a.Skip(end)
	}
}
