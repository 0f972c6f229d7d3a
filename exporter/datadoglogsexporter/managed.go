package datadoglogsexporter

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// managed returns the exporter of the streams of Management.
func (e *datadogExporter) managed(set exporter.Settings) (exporter.Logs, error) {
	keys := httpsend.Keys{Address: "the stream's site", Credentials: "the stream's API key and site", Encoding: "compression"} //nolint:gosec // names of keys
	return httpsend.NewManaged(set, httpsend.Managed{
		Extension:   *e.cfg.Management,
		Destination: managed.Datadog,
		MaxQueued:   e.cfg.MaxQueuedEvents,
		Project:     stytch.ProjectOf,
		Backend: func(logger *zap.Logger, drops *httpsend.Drops) httpsend.Backend {
			one := e.with(logger, drops)
			b := one.backend()
			b.Keys = keys
			b.Started = func(ctx context.Context, _ *httpsend.Sender) error {
				one.begin(ctx)
				return nil
			}
			return b
		},
		Target: func(c managed.Credentials) (httpsend.Target, error) {
			cfg, err := e.cfg.of(c)
			if err != nil {
				return httpsend.Target{}, err
			}
			return cfg.target(set.BuildInfo.Version)
		},
		Check: func(ctx context.Context, s *httpsend.Sender, c managed.Credentials) (int, error) {
			cfg, err := e.cfg.of(c)
			if err != nil {
				return 0, err
			}
			url, err := cfg.validateURL()
			switch {
			case err != nil:
				return 0, err
			case url == "":
				return 0, errors.New("nobody can be asked: api::endpoint is not set beside endpoint")
			}
			code, err := askForKey(ctx, s, url)
			if errors.Is(err, errInvalidKey) {
				err = errRefusedKey
			}
			return code, err
		},
		Event: stytch.NewLogs,
	})
}

// errRefusedKey is errInvalidKey of a key that does not stand in the configuration.
var errRefusedKey = errors.New("Datadog refuses this API key for this site")

// of returns the configuration of a stream with these credentials.
func (cfg *Config) of(c managed.Credentials) (*Config, error) {
	if c.Datadog == nil {
		return nil, errors.New("these are no credentials of Datadog")
	}
	one := *cfg
	one.API.Site, one.API.Key = c.Datadog.Site, c.Datadog.APIKey
	return &one, nil
}
