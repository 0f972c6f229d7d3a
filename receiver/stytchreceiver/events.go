package stytchreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

// eventsFormat tells how a body of plain JSON is compressed.
func eventsFormat(header http.Header) (format, error) {
	given := header.Get("Content-Encoding")
	if given != "" {
		if err := supported(given, "gzip", "zstd"); err != nil {
			return format{}, refuse(http.StatusBadRequest, reasonEncoding, err)
		}
	}
	return format{encoding: encodings[given], parse: parseEvents}, nil
}

// parseEvents reads a JSON object, an array of objects, or objects that stand
// on lines of their own (NDJSON). Line ends, blank lines and white space
// around an object are not the event's; every byte inside it is.
func parseEvents(_ http.Header, body []byte, b *batch) error {
	text := string(body) // one copy, whose memory all events of the request share
	b.stream(nil, 0)
	i := jsonscan.SkipSpace(text, 0)
	switch {
	case i == len(text):
		return errors.New("the body is empty: want a JSON object, an array of objects, or an object on each line")
	case text[i] == '[':
		return b.array(text, i)
	default:
		return b.lines(text, i)
	}
}

func (b *batch) array(text string, i int) error {
	a, err := jsonscan.ReadArray(text, i, 0)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		i, more := a.Next()
		if !more {
			break
		}
		end, err := b.object(text, i)
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

func (b *batch) lines(text string, i int) error {
	line := 1 + strings.Count(text[:i], "\n")
	for {
		end, err := b.object(text, i)
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

// object adds the event that starts at text[i] and returns where it ends.
func (b *batch) object(text string, i int, metadata ...lokipush.Label) (int, error) {
	end, err := b.event.ScanAt(text, i, b.promote)
	if err == nil {
		err = b.add(text[i:end], b.instant(), metadata, b.promote)
	}
	return end, err
}

// instant is the time that the event tells, else that of its arrival.
func (b *batch) instant() pcommon.Timestamp {
	if at := b.event.Time(); at != 0 {
		return at
	}
	return b.arrived
}
