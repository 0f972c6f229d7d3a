package lokiexporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// managed returns the exporter of the streams of Management.
func (e *lokiExporter) managed(set exporter.Settings) (exporter.Logs, error) {
	keys := httpsend.Keys{Address: "the stream's hostname", Credentials: "the stream's username and password", Encoding: "encoding and compression"}
	return httpsend.NewManaged(set, httpsend.Managed{
		Extension:   *e.cfg.Management,
		Destination: managed.GrafanaLoki,
		MaxQueued:   e.cfg.MaxQueuedEvents,
		Project:     stytch.ProjectOf,
		Backend: func(logger *zap.Logger, drops *httpsend.Drops) httpsend.Backend {
			b := e.with(logger, drops).backend()
			b.Keys = keys
			return b
		},
		Target: func(c managed.Credentials) (httpsend.Target, error) {
			cfg, err := e.cfg.of(c)
			if err != nil {
				return httpsend.Target{}, err
			}
			return e.target(cfg)
		},
		Check: check,
		Event: stytch.NewLogs,
	})
}

// of returns the configuration of a stream with these credentials.
func (cfg *Config) of(c managed.Credentials) (*Config, error) {
	if c.Loki == nil {
		return nil, errors.New("these are no credentials of a Loki")
	}
	one := *cfg
	one.Username, one.Password = c.Loki.Username, c.Loki.Password
	if one.ClientConfig.Endpoint == "" {
		one.Hostname = Hostname(c.Loki.Hostname)
	}
	return &one, nil
}

// checkManaged refuses keys of one Loki beside Management, which has one for each project.
func (cfg *Config) checkManaged() error {
	errs := []error{httpsend.CheckManaged(cfg.QueueConfig, cfg.MaxQueuedEvents)}
	for _, one := range []struct {
		key string
		set bool
	}{
		{"hostname", cfg.Hostname != ""},
		{"username", cfg.Username != ""},
		{"password", cfg.Password != ""},
		{"tenant_id", cfg.TenantID != ""},
		{"auth", cfg.ClientConfig.Auth.HasValue()},
	} {
		if one.set {
			errs = append(errs, fmt.Errorf("%s: must not be set with management, which has a Loki for each project", one.key))
		}
	}
	return errors.Join(errs...)
}

// check pushes no stream at all: Loki answers that there is none, once it has let the
// sender in, and stores nothing.
func check(ctx context.Context, s *httpsend.Sender, _ managed.Credentials) (code int, err error) {
	target := s.Target()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.URL, strings.NewReader(`{"streams":[]}`))
	if err != nil {
		return 0, err
	}
	req.Header = target.Header.Clone()
	req.Header.Del("Content-Encoding")
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.Do(req)
	if err != nil {
		return 0, fmt.Errorf("POST to %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return resp.StatusCode, fmt.Errorf("%s answered %d and broke off", req.URL.Host, resp.StatusCode)
	}
	if takesNothing(resp.StatusCode, answer) {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, fmt.Errorf("%s answered %d%s", req.URL.Host, resp.StatusCode, s.Words(answer))
}

// takesNothing tells whether the answer to a push without a stream is that of a Loki
// which takes the sender's pushes. Loki 3.7.8 answers 422 and this text; one that takes a
// push without entries answers 204.
func takesNothing(code int, answer []byte) bool {
	switch code {
	case http.StatusNoContent:
		return true
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return strings.Contains(string(answer), "at least one valid stream is required")
	default:
		return false
	}
}
