package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
)

// Stream is one stream of a push request.
type Stream struct {
	Labels  map[string]string
	Entries []Entry
}

// DecodeLokiJSON reads a push request of Content-Type application/json.
func DecodeLokiJSON(body []byte) ([]Stream, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not valid UTF-8")
	}
	var request struct {
		Streams []struct {
			Stream map[string]string   `json:"stream"`
			Values [][]json.RawMessage `json:"values"`
		} `json:"streams"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	streams := make([]Stream, len(request.Streams))
	for i, s := range request.Streams {
		for name := range s.Stream {
			if !validLabelName(name) {
				return nil, fmt.Errorf("couldn't parse labels: stream %d: unexpected character in label name %q", i, name)
			}
		}
		streams[i].Labels = withoutEmpty(s.Stream)
		for j, value := range s.Values {
			if len(value) == 1 {
				continue // Loki passes over it in silence
			}
			entry, err := decodeValue(value)
			if err != nil {
				return nil, fmt.Errorf("stream %d: entry %d: %w", i, j, err)
			}
			streams[i].Entries = append(streams[i].Entries, entry)
		}
	}
	return streams, nil
}

// decodeValue reads ["<unix ns>", "<line>", {"<name>": "<value>"}]; what follows is ignored.
func decodeValue(value []json.RawMessage) (Entry, error) {
	var entry Entry
	if len(value) == 0 {
		return entry, nil // a timestamp of 0 is too old
	}
	timestamp, err := decodeString(value[0])
	if err == nil {
		entry.Timestamp, err = strconv.ParseInt(timestamp, 10, 64)
	}
	if err != nil {
		return entry, fmt.Errorf("timestamp: %w", err)
	}
	if entry.Line, err = decodeString(value[1]); err != nil {
		return entry, fmt.Errorf("line: %w", err)
	}
	if len(value) == 2 {
		return entry, nil
	}
	var metadata map[string]json.RawMessage
	if err := json.Unmarshal(value[2], &metadata); err != nil || metadata == nil {
		return entry, fmt.Errorf("structured metadata: expected an object, got %.40s", value[2])
	}
	entry.Metadata = map[string]string{}
	for name, raw := range metadata {
		if entry.Metadata[name], err = decodeString(raw); err != nil {
			return entry, fmt.Errorf("structured metadata %q: %w", name, err)
		}
	}
	return entry, nil
}

// decodeString refuses null, which json.Unmarshal takes as "".
func decodeString(raw json.RawMessage) (s string, err error) {
	if !bytes.HasPrefix(raw, []byte{'"'}) {
		return "", fmt.Errorf("expected a string, got %.40s", raw)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", err
	}
	// encoding/json puts U+FFFD in place of half a surrogate pair, which Loki refuses.
	written := strings.ToLower(string(raw))
	if strings.Contains(s, "\ufffd") && !strings.Contains(written, "\ufffd") && !strings.Contains(written, `\ufffd`) {
		return "", fmt.Errorf("half a surrogate pair in %.40s", raw)
	}
	return s, nil
}

// DecodeLokiProtobuf reads a snappy block of logproto.PushRequest.
func DecodeLokiProtobuf(body []byte) ([]Stream, error) {
	plain, err := snappy.Decode(nil, body)
	if err != nil {
		return nil, err
	}
	var request push.PushRequest
	if err := request.Unmarshal(plain); err != nil {
		return nil, err
	}
	streams := make([]Stream, len(request.Streams))
	for i, s := range request.Streams {
		labels, err := parseLabels(s.Labels)
		if err != nil {
			return nil, fmt.Errorf("couldn't parse labels: stream %d: %w", i, err)
		}
		streams[i].Labels = withoutEmpty(labels)
		for j, e := range s.Entries {
			if !utf8.ValidString(e.Line) {
				return nil, fmt.Errorf("stream %d: entry %d: line is not valid UTF-8", i, j)
			}
			if len(e.Parsed) > 0 {
				return nil, fmt.Errorf("stream %d: entry %d: `parsed` is for Loki's answers only", i, j)
			}
			entry := Entry{Timestamp: e.Timestamp.UnixNano(), Line: e.Line}
			for _, pair := range e.StructuredMetadata {
				if entry.Metadata == nil {
					entry.Metadata = map[string]string{}
				}
				entry.Metadata[pair.Name] = pair.Value
			}
			streams[i].Entries = append(streams[i].Entries, entry)
		}
	}
	return streams, nil
}

// parseLabels reads `{name="value", other="value"}`.
func parseLabels(text string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	if !ok {
		return nil, fmt.Errorf("expected {, got %.20q", text)
	}
	labels := map[string]string{}
	for {
		rest = strings.TrimSpace(rest)
		if rest == "}" {
			return labels, nil
		}
		name, after, ok := strings.Cut(rest, "=")
		if name = strings.TrimSpace(name); !ok || !validLabelName(name) {
			return nil, fmt.Errorf("unexpected character in label name %.40q", name)
		}
		quoted, err := strconv.QuotedPrefix(strings.TrimSpace(after))
		if err != nil {
			return nil, fmt.Errorf("label %s: value: %w", name, err)
		}
		if _, twice := labels[name]; twice {
			return nil, fmt.Errorf("label %s is there twice", name)
		}
		if labels[name], err = strconv.Unquote(quoted); err != nil {
			return nil, fmt.Errorf("label %s: value: %w", name, err)
		}
		rest = strings.TrimSpace(strings.TrimSpace(after)[len(quoted):])
		if after, ok := strings.CutPrefix(rest, ","); ok {
			rest = after
		} else if rest != "}" {
			return nil, fmt.Errorf("expected , or }, got %.20q", rest)
		}
	}
}

// FormatLabels writes a stream's labels as Loki does: {a="b", c="d"}, sorted by name.
func FormatLabels(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, name+"="+strconv.Quote(labels[name]))
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// validLabelName tells whether name matches [a-zA-Z_][a-zA-Z0-9_]*.
func validLabelName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// withoutEmpty leaves out empty values, which to Loki are no labels.
func withoutEmpty(labels map[string]string) map[string]string {
	kept := maps.Clone(labels)
	maps.DeleteFunc(kept, func(_, value string) bool { return value == "" })
	return kept
}
