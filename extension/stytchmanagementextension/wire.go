package stytchmanagementextension

import (
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// wireStream is a stream as the API shows it: event_log_streaming_config.
type wireStream struct {
	DestinationType   managed.Destination `json:"destination_type"`
	DestinationConfig wireConfig          `json:"destination_config"`
	StreamingStatus   string              `json:"streaming_status"`
}

// wireConfig has exactly one member that is not null. The provider crashes without one.
type wireConfig struct {
	Datadog     any `json:"datadog,omitempty"`      // wireDatadog or maskedDatadog
	GrafanaLoki any `json:"grafana_loki,omitempty"` // wireLoki or maskedLoki
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

// unmasked is the answer to a change: Terraform wants back what it sent.
func unmasked(s *managed.Stream) wireStream {
	var config wireConfig
	switch c := s.Credentials; c.Destination() {
	case managed.Datadog:
		config.Datadog = wireDatadog{string(c.Datadog.APIKey), c.Datadog.Site}
	case managed.GrafanaLoki:
		config.GrafanaLoki = wireLoki{c.Loki.Hostname, c.Loki.Username, string(c.Loki.Password)}
	}
	return wireStream{s.Destination, config, statusOf(s.Active)}
}

// masked is what everything else shows.
func masked(s *managed.Stream) wireStream {
	var config wireConfig
	switch c := s.Credentials; c.Destination() {
	case managed.Datadog:
		config.Datadog = maskedDatadog{lastFour(string(c.Datadog.APIKey)), c.Datadog.Site}
	case managed.GrafanaLoki:
		config.GrafanaLoki = maskedLoki{c.Loki.Hostname, c.Loki.Username, lastFour(string(c.Loki.Password))}
	}
	return wireStream{s.Destination, config, statusOf(s.Active)}
}
