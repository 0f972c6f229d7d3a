package stytchprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
)

// Config is the configuration of the processor.
type Config struct {
	// Source becomes the resource attribute `source`.
	Source string `mapstructure:"source"`
	// Service becomes the resource attribute `service.name`.
	Service string `mapstructure:"service"`
	// Enabled lets events through. If false, events are acknowledged, dropped and
	// counted; setting it to true again does not bring them back.
	Enabled bool `mapstructure:"enabled"`
	// Redact hides fields of the events that are handed on.
	Redact []RedactConfig `mapstructure:"redact"`
	// HashSalt keys the hashes of `with: hash`.
	HashSalt configopaque.String `mapstructure:"hash_salt"`
	// Deduplicate drops events that went through before. Off unless set.
	Deduplicate configoptional.Optional[DeduplicateConfig] `mapstructure:"deduplicate"`
}

// Validate checks that the labels are set, by which a destination tells the stream from
// others, and what is redacted.
func (cfg *Config) Validate() error {
	var errs []error
	if cfg.Source == "" {
		errs = append(errs, errors.New("source: must not be empty"))
	}
	if cfg.Service == "" {
		errs = append(errs, errors.New("service: must not be empty"))
	}
	return errors.Join(append(errs, cfg.validateRedact())...)
}

// DeduplicateConfig bounds what deduplication remembers.
type DeduplicateConfig struct {
	// Window is how long an event is remembered after it went through, in whole
	// seconds; the actual time is up to one second longer.
	Window time.Duration `mapstructure:"window"`
	// MaxEvents is how many events are remembered at most; the oldest make room.
	MaxEvents int `mapstructure:"max_events"`
	// StorageID is a storage extension that keeps what is remembered over a restart.
	// Without it, that is in memory alone.
	StorageID *component.ID `mapstructure:"storage"`
}

const (
	// mostEvents is in the range of seenSet's 32-bit places; it would take 32 GiB.
	mostEvents = 1 << 30
	// longestWindow is in the range of seenSet's 32-bit seconds.
	longestWindow = 365 * 24 * time.Hour
)

// Validate checks the ranges of both values.
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
