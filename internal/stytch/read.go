package stytch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// ReadEach calls read for each event of a text: one JSON object, an array of objects, or
// objects on lines of their own (NDJSON). Read reads the object that starts at text[i] and
// returns the index after it. Line ends, blank lines and white space around an object do
// not belong to it. The errors name the line or the element, and the byte in the text.
func ReadEach(text string, read func(i int) (end int, err error)) error {
	i := jsonscan.SkipSpace(text, 0)
	switch {
	case i == len(text):
		return errors.New("the body is empty: want a JSON object, an array of objects, or an object on each line")
	case text[i] == '[':
		return readArray(text, i, read)
	default:
		return readLines(text, i, read)
	}
}

func readArray(text string, i int, read func(int) (int, error)) error {
	a, err := jsonscan.ReadArray(text, i, 0)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		i, more := a.Next()
		if !more {
			break
		}
		end, err := read(i)
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

func readLines(text string, i int, read func(int) (int, error)) error {
	line := 1 + strings.Count(text[:i], "\n")
	for {
		end, err := read(i)
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
