package stytchencodingextension

import "github.com/otelcol-stytch/otelcol-stytch/internal/stytch"

// Config is the configuration of the extension.
type Config struct {
	// Promote names further root members of an event that become record attributes, as
	// at the receiver: organization_id becomes stytch.organization_id.
	Promote []string `mapstructure:"promote"`
}

// Validate checks the names of promote.
func (cfg *Config) Validate() error { return stytch.CheckFields(cfg.Promote) }
