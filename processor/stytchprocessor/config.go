package stytchprocessor

import "errors"

// Config is the configuration of the processor.
type Config struct {
	// Source becomes the resource attribute `source`.
	Source string `mapstructure:"source"`
	// Service becomes the resource attribute `service.name`.
	Service string `mapstructure:"service"`
	// Enabled lets events through. Where it is false they are dropped with an
	// acknowledgement and counted; switching on again brings none of them back.
	Enabled bool `mapstructure:"enabled"`
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
