package stytchreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// events takes plain JSON: an object, an array of objects, or objects on lines of
// their own (NDJSON).
type events struct {
	*extensionAuth
	jsonErrors
	path      string
	encodings []string // http::compression_algorithms
}

func (p *events) endpoint() endpoint { return endpoint{"events", p.path, http.StatusAccepted} }

func (p *events) format(header http.Header) (format, error) {
	encoding, err := encodingOf(header, p.encodings, "gzip", "zstd")
	return format{encoding: encoding, parse: parseEvents}, err
}

// parseEvents keeps every byte of an object. Line ends, blank lines and white space
// around an object do not belong to it.
func parseEvents(_ http.Header, body []byte, b *logsBuilder) error {
	text := string(body) // one copy, whose memory all events of the request share
	b.stream(nil, 0)
	i := jsonscan.SkipSpace(text, 0)
	switch {
	case i == len(text):
		return errors.New("the body is empty: want a JSON object, an array of objects, or an object on each line")
	case text[i] == '[':
		return parseArray(text, i, b)
	default:
		return parseLines(text, i, b)
	}
}

func parseArray(text string, i int, b *logsBuilder) error {
	a, err := jsonscan.ReadArray(text, i, 0)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		i, more := a.Next()
		if !more {
			break
		}
		end, err := b.addObject(text, i)
		if err != nil {
			return fmt.Errorf("element %d: %w", n, err)
		}
		a.Skip(end)
	}
	if a.Err() != nil {
		return a.Err()
	}
	return jsonscan.CheckEnd(text, a.End(), "array")
}

func parseLines(text string, i int, b *logsBuilder) error {
	line := 1 + strings.Count(text[:i], "\n")
	for {
		end, err := b.addObject(text, i)
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		next := jsonscan.SkipSpace(text, end)
		if next == len(text) {
			return nil
		}
		line += strings.Count(text[i:next], "\n")
		if !strings.Contains(text[end:next], "\n") {
			return fmt.Errorf("line %d: %w", line, &jsonscan.SyntaxError{Offset: next, Want: "text after the object"})
		}
		i = next
	}
}
