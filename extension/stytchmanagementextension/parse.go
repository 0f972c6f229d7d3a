package stytchmanagementextension

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// members reads a JSON object, and its members undecoded. Unlike encoding/json it takes
// names exactly as written, and no name twice: what a client has sent has one meaning.
// Its errors quote nothing of a value.
func members(text []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("must be a JSON object")
	}
	all := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, broken(d)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, broken(d)
		}
		if _, twice := all[name.(string)]; twice {
			return nil, fmt.Errorf("holds %q twice", name)
		}
		all[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(d)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("must be one JSON object and nothing after it")
	}
	return all, nil
}

func broken(d *json.Decoder) error {
	return fmt.Errorf("is no valid JSON after byte %d", d.InputOffset())
}

func isNull(value json.RawMessage) bool { return value == nil || string(value) == "null" }

// parseCreate reads the body of a create. Members that it does not know are passed over,
// here and in an update, but not within destination_config.
func parseCreate(body []byte) (managed.Credentials, error) {
	all, err := parseBody(body)
	if err != nil {
		return managed.Credentials{}, err
	}
	d, err := parseType(all["destination_type"])
	if err != nil {
		return managed.Credentials{}, err
	}
	return parseConfig(all["destination_config"], d)
}

// parseUpdate reads the body of an update of a stream for d.
func parseUpdate(body []byte, d managed.Destination) (managed.Credentials, error) {
	all, err := parseBody(body)
	if err != nil {
		return managed.Credentials{}, err
	}
	return parseConfig(all["destination_config"], d)
}

func parseBody(body []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, invalid(fieldError{"body", "must be valid UTF-8"})
	}
	all, err := members(body)
	if err != nil {
		return nil, invalid(fieldError{"body", err.Error()})
	}
	return all, nil
}

// parseType reads destination_type of a create.
func parseType(value json.RawMessage) (managed.Destination, error) {
	var d managed.Destination
	if isNull(value) {
		return "", invalid(fieldError{"destination_type", "is required"})
	}
	if err := json.Unmarshal(value, &d); err != nil || !slices.Contains(managed.Destinations, d) {
		return "", invalid(fieldError{"destination_type", "must be one of " + destinationNames()})
	}
	return d, nil
}

func destinationNames() string {
	names := make([]string, len(managed.Destinations))
	for i, d := range managed.Destinations {
		names[i] = string(d)
	}
	return strings.Join(names, ", ")
}

// configNames are the members of destination_config.
var configNames = map[managed.Destination]string{managed.Datadog: "datadog", managed.GrafanaLoki: "grafana_loki"}

// parseConfig reads destination_config, whose one member that is not null must be d's.
// What the credentials hold is checkCredentials' to judge.
func parseConfig(value json.RawMessage, d managed.Destination) (managed.Credentials, error) {
	if isNull(value) {
		return managed.Credentials{}, invalid(fieldError{"destination_config", "is required"})
	}
	all, err := members(value)
	if err != nil {
		return managed.Credentials{}, invalid(fieldError{"destination_config", err.Error()})
	}
	maps.DeleteFunc(all, func(_ string, value json.RawMessage) bool { return isNull(value) })
	name := configNames[d]
	if len(all) != 1 || all[name] == nil {
		return managed.Credentials{}, invalid(fieldError{"destination_config", fmt.Sprintf("must hold %s, which is for %s, and nothing else", name, d)})
	}
	texts := texts{at: "destination_config." + name}
	if texts.members, err = members(all[name]); err != nil {
		return managed.Credentials{}, invalid(fieldError{texts.at, err.Error()})
	}
	var c managed.Credentials
	switch d {
	case managed.Datadog:
		c.Datadog = &managed.DatadogCredentials{
			Site: texts.take("site"), APIKey: configopaque.String(texts.take("api_key")),
		}
	case managed.GrafanaLoki:
		c.Loki = &managed.LokiCredentials{
			Hostname: texts.take("hostname"), Username: texts.take("username"), Password: configopaque.String(texts.take("password")),
		}
	}
	if wrong := texts.rest(); len(wrong) > 0 {
		return managed.Credentials{}, invalid(wrong...)
	}
	return c, nil
}

// texts takes texts out of an object's members.
type texts struct {
	at      string
	members map[string]json.RawMessage
	wrong   []fieldError
}

// take returns the text of this name, and "" where it is absent or null, as clients
// leave out what is empty.
func (t *texts) take(name string) string {
	value := t.members[name]
	delete(t.members, name)
	if isNull(value) {
		return ""
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		t.wrong = append(t.wrong, fieldError{name, "must be a string"})
	}
	return text
}

// rest returns what is wrong: texts that were none, and members that nothing took. One
// passed over could be a password with a slip in its name.
func (t *texts) rest() []fieldError {
	for _, name := range slices.Sorted(maps.Keys(t.members)) {
		if !isNull(t.members[name]) {
			t.wrong = append(t.wrong, fieldError{t.at, fmt.Sprintf("has no member %q", name)})
		}
	}
	return t.wrong
}
