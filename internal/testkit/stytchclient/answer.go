package stytchclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Config holds the credentials of a destination. Exactly one field is set.
type Config struct {
	Datadog     *DatadogConfig     `json:"datadog"`
	GrafanaLoki *GrafanaLokiConfig `json:"grafana_loki"`
}

// DatadogConfig holds a Datadog account's credentials. APIKeyLastFour is what a masked
// answer has in place of APIKey.
type DatadogConfig struct {
	APIKey         string `json:"api_key"`
	APIKeyLastFour string `json:"api_key_last_four"`
	Site           string `json:"site"`
}

// GrafanaLokiConfig holds a Loki's address and credentials. PasswordLastFour is what a
// masked answer has in place of Password.
type GrafanaLokiConfig struct {
	Hostname         string `json:"hostname"`
	Username         string `json:"username"`
	Password         string `json:"password"`
	PasswordLastFour string `json:"password_last_four"`
}

// Stream is a stream as the API answers it.
type Stream struct {
	Destination string  `json:"destination_type"`
	Config      *Config `json:"destination_config"`
	Status      string  `json:"streaming_status"`
}

// Error is an answer of the API that an SDK hands its user as an error.
type Error struct {
	StatusCode int
	RequestID  string
	Type       string
	Message    string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%d %s: %s (%s)", e.StatusCode, e.Type, e.Message, e.RequestID)
}

// ErrPanics is returned where the SDK's usual users read a field of a nil pointer. The
// Terraform provider crashes there.
var ErrPanics = errors.New("destination_config is null or absent: whoever reads it panics")

type envelope struct {
	StatusCode   *int    `json:"status_code"`
	RequestID    *string `json:"request_id"`
	ErrorType    *string `json:"error_type"`
	ErrorMessage *string `json:"error_message"`
	Stream       *Stream `json:"event_log_streaming_config"`
}

func (e envelope) asError(code int) error {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return &Error{code, text(e.RequestID), text(e.ErrorType), text(e.ErrorMessage)}
}

func (e envelope) stream(wanted bool) (*Stream, error) {
	if wanted && (e.Stream == nil || e.Stream.Config == nil || e.Stream.Config.Datadog == nil && e.Stream.Config.GrafanaLoki == nil) {
		return nil, ErrPanics
	}
	return e.Stream, nil
}

// readGo knows two codes of success. Its text for an error without JSON does not tell the
// code.
func readGo(code int, body []byte, wantsStream bool) (*Stream, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("error decoding http response: %w", err)
	}
	if code != http.StatusOK && code != http.StatusCreated {
		return nil, e.asError(code)
	}
	return e.stream(wantsStream)
}

// readNode takes each code below 400 as success, and needs JSON with all.
func readNode(code int, body []byte, wantsStream bool) (*Stream, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("Unable to parse JSON response from server: %w", err)
	}
	if code >= http.StatusBadRequest {
		return nil, e.asError(code)
	}
	return e.stream(wantsStream)
}

// readPython checks every answer against a model: an integer status_code and a string
// request_id always, enumerations exactly, and each config with every member of its kind.
func readPython(code int, body []byte, wantsStream bool) (*Stream, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("An unknown error occurred: %w", err)
	}
	if e.StatusCode == nil || e.RequestID == nil {
		return nil, errors.New("validation error: status_code and request_id are required")
	}
	if code >= http.StatusBadRequest {
		if e.ErrorMessage == nil {
			return nil, errors.New("An unknown error occurred: error_message is required")
		}
		return nil, e.asError(code)
	}
	if !wantsStream {
		return e.Stream, nil
	}
	stream, err := e.stream(true)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{Datadog, GrafanaLoki}, stream.Destination) {
		return nil, fmt.Errorf("validation error: destination_type is %q", stream.Destination)
	}
	if !slices.Contains([]string{"ACTIVE", "DISABLED", "PENDING"}, stream.Status) {
		return nil, fmt.Errorf("validation error: streaming_status is %q", stream.Status)
	}
	if d := stream.Config.Datadog; d != nil && !slices.Contains([]string{"US", "US3", "US5", "EU", "AP1"}, d.Site) {
		return nil, fmt.Errorf("validation error: site is %q", d.Site)
	}
	return stream, requireMembers(body)
}

// requireMembers looks for the members that Python's models have no default for.
func requireMembers(body []byte) error {
	var raw struct {
		Stream struct {
			Config map[string]map[string]any `json:"destination_config"`
		} `json:"event_log_streaming_config"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return fmt.Errorf("validation error: %w", err)
	}
	required := map[string][]string{"grafana_loki": {"hostname", "username"}}
	secret := map[string][2]string{"datadog": {"api_key", "api_key_last_four"}, "grafana_loki": {"password", "password_last_four"}}
	for kind, members := range raw.Stream.Config {
		if members == nil {
			continue
		}
		for _, name := range required[kind] {
			if _, is := members[name].(string); !is {
				return fmt.Errorf("validation error: %s.%s is required", kind, name)
			}
		}
		_, plain := members[secret[kind][0]].(string)
		_, masked := members[secret[kind][1]].(string)
		if plain == masked {
			return fmt.Errorf("validation error: %s needs %s or %s", kind, secret[kind][0], secret[kind][1])
		}
	}
	return nil
}
