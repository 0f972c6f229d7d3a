package lokipush

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// ValidLabelName tells whether Loki accepts name as the name of a label:
// [a-zA-Z_][a-zA-Z0-9_]*.
func ValidLabelName(name string) bool {
	for i := range len(name) {
		if !nameByte(name[i], i) {
			return false
		}
	}
	return name != ""
}

// nameByte tells whether c may be byte i of a label's name.
func nameByte(c byte, i int) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9'
}

func checkLabels(labels []Label) error {
	if len(labels) == 0 {
		return errors.New("stream: at least one label is required")
	}
	for _, l := range labels {
		if !ValidLabelName(l.Name) {
			return fmt.Errorf("stream: label name %.64q: want letters, digits and underscores, not beginning with a digit", l.Name)
		}
	}
	return nil
}

func checkMetadata(pairs []Label) error {
	for _, p := range pairs {
		if p.Name == "" {
			return errors.New("structured metadata: a name is empty")
		}
	}
	return nil
}

// parseLabels reads labels as protobuf pushes write them: {a="b", c="d"}. Values are quoted
// as in Go, with quotes or backquotes. An error names the byte in text.
func (r *Request) parseLabels(text []byte) ([]Label, error) {
	first := len(r.labels)
	i := skipBlanks(text, 0)
	if i == len(text) {
		return nil, nil // as {}
	}
	if text[i] != '{' {
		return nil, fmt.Errorf("byte %d: want a brace", i)
	}
	for i = skipBlanks(text, i+1); i < len(text) && text[i] != '}'; {
		start := i
		for i < len(text) && nameByte(text[i], i-start) {
			i++
		}
		if i == start {
			return nil, fmt.Errorf("byte %d: want a label name", i)
		}
		name := r.text.keep(text[start:i])
		if i = skipBlanks(text, i); i == len(text) || text[i] != '=' {
			return nil, fmt.Errorf("byte %d: want an equals sign", i)
		}
		i = skipBlanks(text, i+1)
		value, end, err := r.quoted(text, i)
		if err != nil {
			return nil, err
		}
		known := len(r.labels)
		if err := r.addPair(first, name, value); err != nil {
			return nil, fmt.Errorf("byte %d: %w", start, err)
		}
		if len(r.labels) == known {
			return nil, fmt.Errorf("byte %d: label %.64q stands twice", start, name)
		}
		if i = skipBlanks(text, end); i < len(text) && text[i] == ',' {
			i = skipBlanks(text, i+1)
		} else if i == len(text) || text[i] != '}' {
			return nil, fmt.Errorf("byte %d: want a comma or the closing brace", i)
		}
	}
	if i == len(text) {
		return nil, fmt.Errorf("byte %d: want the closing brace", i)
	}
	if end := skipBlanks(text, i+1); end != len(text) {
		return nil, fmt.Errorf("byte %d: text after the labels", end)
	}
	return r.labels[first:len(r.labels):len(r.labels)], nil
}

// quoted reads the quoted string at text[i] and returns the index after it.
func (r *Request) quoted(text []byte, i int) (value string, end int, err error) {
	const want = "byte %d: want a quoted value"
	if i == len(text) || text[i] != '"' && text[i] != '`' {
		return "", i, fmt.Errorf(want, i)
	}
	quote := text[i]
	for end = i + 1; end < len(text) && text[end] != quote; end++ {
		if text[end] == '\\' && quote == '"' {
			end++
		}
	}
	if end >= len(text) {
		return "", i, fmt.Errorf(want+", which does not end", i)
	}
	end++
	if inside := text[i+1 : end-1]; !utf8.Valid(inside) {
		return "", i, fmt.Errorf(want+" in UTF-8", i)
	} else if bytes.IndexByte(inside, '\\') < 0 && bytes.IndexByte(inside, '\n') < 0 && quote == '"' {
		return r.text.keep(inside), end, nil
	}
	if value, err = strconv.Unquote(string(text[i:end])); err != nil {
		return "", i, fmt.Errorf(want, i)
	}
	return r.text.keep([]byte(value)), end, nil
}

func skipBlanks(text []byte, i int) int {
	return len(text) - len(bytes.TrimLeft(text[i:], " \t\r\n"))
}
