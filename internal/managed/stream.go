package managed

import (
	"go.opentelemetry.io/collector/config/configopaque"
)

// Destination is the type of a destination, as Stytch's management API writes it.
type Destination string

// The destinations of Stytch's management API.
const (
	Datadog     Destination = "DATADOG"
	GrafanaLoki Destination = "GRAFANA_LOKI"
)

// Destinations lists every destination.
var Destinations = []Destination{Datadog, GrafanaLoki}

// Stream is one project's destination, with its credentials and its switch. It never
// changes: a change makes another Stream with the same Figures.
type Stream struct {
	ProjectID   string // project-live-… or project-test-…
	Destination Destination
	Credentials Credentials
	// Active is the switch. Events of a stream that is not active are acknowledged and
	// dropped.
	Active bool
	// Generation rises with each change of the credentials.
	Generation uint64
	// Figures outlive changes, but not the process or the deletion of the stream.
	Figures *Figures
}

// Credentials are those of one destination. Exactly one field is set.
type Credentials struct {
	Datadog *DatadogCredentials
	Loki    *LokiCredentials
}

// DatadogCredentials are a Datadog account's.
type DatadogCredentials struct {
	Site   string // US, US3, US5, EU or AP1
	APIKey configopaque.String
}

// LokiCredentials are those of a Grafana Loki.
type LokiCredentials struct {
	Hostname string // without scheme and path; a port may follow
	Username string
	Password configopaque.String
}

// Destination is the one that the credentials are for, "" where no field is set.
func (c Credentials) Destination() Destination {
	switch {
	case c.Datadog != nil:
		return Datadog
	case c.Loki != nil:
		return GrafanaLoki
	default:
		return ""
	}
}

// Equal tells whether both are the same credentials.
func (c Credentials) Equal(other Credentials) bool {
	switch {
	case c.Destination() != other.Destination():
		return false
	case c.Datadog != nil:
		return *c.Datadog == *other.Datadog
	case c.Loki != nil:
		return *c.Loki == *other.Loki
	default:
		return true
	}
}

// Secrets are what must never be shown.
func (c Credentials) Secrets() []configopaque.String {
	switch c.Destination() {
	case Datadog:
		return []configopaque.String{c.Datadog.APIKey}
	case GrafanaLoki:
		return []configopaque.String{c.Loki.Password}
	default:
		return nil
	}
}
