package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// Member is one member of a JSON object: its name decoded, its value as it was written.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Members returns the root members of a JSON object in their order, duplicates too.
func Members(object []byte) ([]Member, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if err := expect(decoder, '{'); err != nil {
		return nil, err
	}
	var members []Member
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		member := Member{Name: name.(string)} // the decoder lets no other token stand here
		if err := decoder.Decode(&member.Value); err != nil {
			return nil, fmt.Errorf("member %q: %w", member.Name, err)
		}
		members = append(members, member)
	}
	return members, end(decoder, '}')
}

// DecodeDatadog splits an intake payload into its logs, byte for byte: a JSON array of objects, or
// one object. A reserved member of ours must stand in an object at most once; the members of an
// event may repeat.
func DecodeDatadog(payload []byte) ([]Log, error) {
	if !utf8.Valid(payload) {
		return nil, errors.New("the payload is not valid UTF-8")
	}
	objects, err := split(payload)
	if err != nil {
		return nil, err
	}
	logs := make([]Log, len(objects))
	for i, object := range objects {
		members, err := Members(object)
		if err != nil {
			return nil, fmt.Errorf("log %d: %w", i, err)
		}
		logs[i] = Log{Raw: object, Members: members}
		seen := map[string]bool{}
		for _, member := range members {
			switch name := member.Name; name {
			case "ddsource", "service", "ddtags":
				if seen[name] {
					return nil, fmt.Errorf("log %d: reserved member %q is there twice", i, name)
				}
				seen[name] = true
			}
		}
	}
	return logs, nil
}

func split(payload []byte) ([]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if !bytes.HasPrefix(bytes.TrimLeft(payload, " \t\r\n"), []byte{'['}) {
		var object json.RawMessage
		if err := decoder.Decode(&object); err != nil {
			return nil, err
		}
		return []json.RawMessage{object}, endOfInput(decoder)
	}
	if err := expect(decoder, '['); err != nil {
		return nil, err
	}
	var objects []json.RawMessage
	for decoder.More() {
		var object json.RawMessage
		if err := decoder.Decode(&object); err != nil {
			return nil, fmt.Errorf("log %d: %w", len(objects), err)
		}
		objects = append(objects, object)
	}
	return objects, end(decoder, ']')
}

func expect(decoder *json.Decoder, delimiter json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != delimiter {
		return fmt.Errorf("expected %v, got %v", delimiter, token)
	}
	return nil
}

func end(decoder *json.Decoder, delimiter json.Delim) error {
	if err := expect(decoder, delimiter); err != nil {
		return err
	}
	return endOfInput(decoder)
}

func endOfInput(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more after the JSON, at byte %d", decoder.InputOffset())
	}
	return nil
}

// happened is a log's official date: the first of Datadog's date attributes, in milliseconds or in
// RFC 3339. Without one it is the time of arrival.
// https://docs.datadoghq.com/logs/log_configuration/pipelines/?tab=date#preprocessing
func happened(log Log) time.Time {
	names := []string{"@timestamp", "timestamp", "_timestamp", "Timestamp", "eventTime", "date", "published_date"}
	for _, name := range names {
		raw, ok := log.Value(name)
		if !ok {
			continue
		}
		var written string
		if json.Unmarshal(raw, &written) == nil {
			if t, err := time.Parse(time.RFC3339Nano, written); err == nil {
				return t
			}
		}
		if ms, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return time.UnixMilli(ms)
		}
	}
	return log.Arrived
}
