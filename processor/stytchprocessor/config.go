package stytchprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"
)

// Config is the configuration of the processor.
type Config struct {
	// Source becomes the resource attribute `source`.
	Source string `mapstructure:"source"`
	// Service becomes the resource attribute `service.name`.
	Service string `mapstructure:"service"`
	// Enabled lets events through. Where it is false they are dropped with an
	// acknowledgement and counted; switching on again brings none of them back.
	Enabled bool `mapstructure:"enabled"`
	// Deduplicate drops an event that went through before. Off unless set.
	Deduplicate configoptional.Optional[DeduplicateConfig] `mapstructure:"deduplicate"`
}

// Validate checks the labels, without which the destinations cannot tell the
// stream from others.
func (cfg *Config) Validate() error {
	var errs []error
	if cfg.Source == "" {
		errs = append(errs, errors.New("source: must not be empty"))
	}
	if cfg.Service == "" {
		errs = append(errs, errors.New("service: must not be empty"))
	}
	return errors.Join(errs...)
}

// DeduplicateConfig bounds what deduplication remembers.
type DeduplicateConfig struct {
	// Window is how long an event is remembered after it went through, to the
	// second; up to one second longer.
	Window time.Duration `mapstructure:"window"`
	// MaxEvents is how many events are remembered at most; the oldest make room.
	MaxEvents int `mapstructure:"max_events"`
}

const (
	// mostEvents is in range of the memory's 32 bit places; it would take 32 GiB.
	mostEvents = 1 << 30
	// longestWindow is in range of its 32 bit seconds.
	longestWindow = 365 * 24 * time.Hour
)

// Validate checks that something can be remembered.
func (cfg *DeduplicateConfig) Validate() error {
	var errs []error
	if cfg.Window < time.Second || cfg.Window > longestWindow {
		errs = append(errs, fmt.Errorf("window: must be between 1s and %s, got %s: write it with a unit, such as 10m", longestWindow, cfg.Window))
	}
	if cfg.MaxEvents < 1 || cfg.MaxEvents > mostEvents {
		errs = append(errs, fmt.Errorf("max_events: must be between 1 and %d, got %d", mostEvents, cfg.MaxEvents))
	}
	return errors.Join(errs...)
}
