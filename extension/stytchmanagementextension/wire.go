package stytchmanagementextension

import (
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// wireStream is a stream as the API shows it: event_log_streaming_config.
type wireStream[C unmaskedConfig | maskedConfig] struct {
	DestinationType   managed.Destination `json:"destination_type"`
	DestinationConfig C                   `json:"destination_config"`
	StreamingStatus   string              `json:"streaming_status"`
}

// unmaskedConfig has exactly one member, whose secret is in plain text. So it is shown to
// nobody but whoever has just sent it.
type unmaskedConfig struct {
	Datadog     *wireDatadog `json:"datadog,omitempty"`
	GrafanaLoki *wireLoki    `json:"grafana_loki,omitempty"`
}

// maskedConfig has exactly one member.
type maskedConfig struct {
	Datadog     *maskedDatadog `json:"datadog,omitempty"`
	GrafanaLoki *maskedLoki    `json:"grafana_loki,omitempty"`
}

type wireDatadog struct {
	APIKey string `json:"api_key"`
	Site   string `json:"site"`
}

type maskedDatadog struct {
	APIKeyLastFour string `json:"api_key_last_four"`
	Site           string `json:"site"`
}

type wireLoki struct {
	Hostname string `json:"hostname"`
	Username string `json:"username"`
	Password string `json:"password"`
}

type maskedLoki struct {
	Hostname         string `json:"hostname"`
	Username         string `json:"username"`
	PasswordLastFour string `json:"password_last_four"`
}

// Values of streaming_status. Stytch's PENDING is never sent: Terraform would show a
// difference for ever.
const (
	statusActive   = "ACTIVE"
	statusDisabled = "DISABLED"
)

func statusOf(active bool) string {
	if active {
		return statusActive
	}
	return statusDisabled
}

// unmasked is the answer to a change: Terraform wants back what it has sent.
func unmasked(s *managed.Stream) wireStream[unmaskedConfig] {
	return wireStream[unmaskedConfig]{s.Destination, unmaskedConfigOf(s.Credentials), statusOf(s.Active)}
}

func unmaskedConfigOf(c managed.Credentials) unmaskedConfig {
	var config unmaskedConfig
	switch c.Destination() {
	case managed.Datadog:
		config.Datadog = &wireDatadog{string(c.Datadog.APIKey), c.Datadog.Site}
	case managed.GrafanaLoki:
		config.GrafanaLoki = &wireLoki{c.Loki.Hostname, c.Loki.Username, string(c.Loki.Password)}
	}
	return config
}

// masked is what everything else shows.
func masked(s *managed.Stream) wireStream[maskedConfig] {
	var config maskedConfig
	switch c := s.Credentials; c.Destination() {
	case managed.Datadog:
		config.Datadog = &maskedDatadog{lastFour(string(c.Datadog.APIKey)), c.Datadog.Site}
	case managed.GrafanaLoki:
		config.GrafanaLoki = &maskedLoki{c.Loki.Hostname, c.Loki.Username, lastFour(string(c.Loki.Password))}
	}
	return wireStream[maskedConfig]{s.Destination, config, statusOf(s.Active)}
}

// minShown is how many characters a secret has at least whose last four are shown.
const minShown = 9

// lastFour are the last four characters of a secret, or "" where they would be half of it
// or more.
func lastFour(secret string) string {
	runes := []rune(secret)
	if len(runes) < minShown {
		return ""
	}
	return string(runes[len(runes)-4:])
}
