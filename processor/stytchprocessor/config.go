package stytchprocessor

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
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
	// Management has a switch for each project, instead of Enabled. Off unless set.
	Management configoptional.Optional[ManagementConfig] `mapstructure:"management"`
	// Deduplicate drops events that went through before. Off unless set.
	Deduplicate configoptional.Optional[DeduplicateConfig] `mapstructure:"deduplicate"`

	enabledIsSet bool // beside Management
}

// ManagementConfig tells whose streams the events belong to.
type ManagementConfig struct {
	// Extension is the one that has the streams.
	Extension component.ID `mapstructure:"extension"`
	// Destination is that of the pipeline: DATADOG or GRAFANA_LOKI.
	Destination managed.Destination `mapstructure:"destination"`
}

// Validate checks that both are set.
func (cfg *ManagementConfig) Validate() error {
	var errs []error
	if cfg.Extension == (component.ID{}) {
		errs = append(errs, errors.New("extension: must be set to the id of an extension such as stytch_management"))
	}
	if !slices.Contains(managed.Destinations, cfg.Destination) {
		errs = append(errs, fmt.Errorf("destination: must be DATADOG or GRAFANA_LOKI, got %q", string(cfg.Destination)))
	}
	return errors.Join(errs...)
}

// Unmarshal remembers whether `enabled` is set beside `management`.
func (cfg *Config) Unmarshal(conf *confmap.Conf) error {
	cfg.enabledIsSet = conf.IsSet("management") && conf.IsSet("enabled")
	return conf.Unmarshal(cfg)
}

// Validate checks that the labels are set: by them a destination tells the stream
// from others.
func (cfg *Config) Validate() error {
	var errs []error
	if cfg.Source == "" {
		errs = append(errs, errors.New("source: must not be empty"))
	}
	if cfg.Service == "" {
		errs = append(errs, errors.New("service: must not be empty"))
	}
	if cfg.Management.HasValue() && (cfg.enabledIsSet || !cfg.Enabled) {
		errs = append(errs, errors.New("enabled, management: set one of them: with management each project's stream has a switch of its own"))
	}
	return errors.Join(errs...)
}

// DeduplicateConfig bounds what deduplication remembers.
type DeduplicateConfig struct {
	// Window is how long an event is remembered after it went through, in whole
	// seconds; the actual time is up to one second longer.
	Window time.Duration `mapstructure:"window"`
	// MaxEvents is how many events are remembered at most; the oldest make room.
	MaxEvents int `mapstructure:"max_events"`
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
