package stytchreceiver

import (
	"errors"
	"fmt"
	"net"
	"path"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

// Config is the configuration of the receiver.
type Config struct {
	// HTTP is the server of all doors. Its auth guards the Loki and the events
	// door; webhooks carry no credentials but a signature.
	HTTP confighttp.ServerConfig `mapstructure:"http"`
	// LokiPush is the door at /loki/api/v1/push. On unless `enabled: false`.
	LokiPush configoptional.Optional[LokiPushConfig] `mapstructure:"loki_push"`
	// Events is the door for plain JSON. On unless `enabled: false`.
	Events configoptional.Optional[EventsConfig] `mapstructure:"events"`
	// Webhook is the door for webhooks. On when a secret is set.
	Webhook configoptional.Optional[WebhookConfig] `mapstructure:"webhook"`
	// MaxEventsPerRequest bounds what one request can cost: a body of the
	// largest size can hold millions of empty events.
	MaxEventsPerRequest int `mapstructure:"max_events_per_request"`
	// Promote names further root members of an event that become record
	// attributes: organization_id becomes stytch.organization_id.
	Promote []string `mapstructure:"promote"`
}

// LokiPushConfig is the configuration of the Loki door, whose path is Loki's.
type LokiPushConfig struct{}

// EventsConfig is the configuration of the events door.
type EventsConfig struct {
	// Path of the door, beginning with a slash.
	Path string `mapstructure:"path"`
}

// WebhookConfig is the configuration of the door for webhooks, whose senders
// are known by their signatures.
type WebhookConfig struct {
	// Path of the door, beginning with a slash.
	Path string `mapstructure:"path"`
	// Secrets are the signing secrets, whsec_ and base64. While one is
	// rotated there are two; of several projects each has its own.
	Secrets []configopaque.String `mapstructure:"secrets"`
}

// keys decodes the secrets. No error holds any of one.
func (cfg *WebhookConfig) keys() ([][]byte, error) {
	if len(cfg.Secrets) == 0 {
		return nil, errors.New("webhook::secrets: at least one is required, or `enabled: false`")
	}
	keys := make([][]byte, len(cfg.Secrets))
	var errs []error
	for i, secret := range cfg.Secrets {
		var err error
		if keys[i], err = decodeSecret(string(secret)); err != nil {
			errs = append(errs, fmt.Errorf("webhook::secrets::%d: %w", i, err))
		}
	}
	return keys, errors.Join(errs...)
}

const readyPath = "/ready"

// Validate checks what spans several keys.
func (cfg *Config) Validate() error {
	var errs []error
	if !cfg.LokiPush.HasValue() && !cfg.Events.HasValue() && !cfg.Webhook.HasValue() {
		errs = append(errs, errors.New("no door is open: enable at least one of `loki_push`, `events` and `webhook`"))
	}
	taken := map[string]string{lokipush.Path: "loki_push", readyPath: "the readiness probe"}
	if cfg.Events.HasValue() {
		errs = append(errs, claimPath(taken, "events", cfg.Events.Get().Path))
	}
	if cfg.Webhook.HasValue() {
		_, err := cfg.Webhook.Get().keys()
		errs = append(errs, claimPath(taken, "webhook", cfg.Webhook.Get().Path), err)
	}
	errs = append(errs, cfg.validateServer())
	if cfg.MaxEventsPerRequest < 1 {
		errs = append(errs, fmt.Errorf("max_events_per_request: must be at least 1, got %d", cfg.MaxEventsPerRequest))
	}
	for i, field := range cfg.Promote {
		if field == "" {
			errs = append(errs, fmt.Errorf("promote::%d: must name a field of the event", i))
		}
	}
	return errors.Join(errs...)
}

// validateServer refuses what net/http would take: without an endpoint it listens
// on any port of any address, and a time without a unit is nanoseconds.
func (cfg *Config) validateServer() error {
	var errs []error
	at := cfg.HTTP.NetAddr
	if _, _, err := net.SplitHostPort(at.Endpoint); err != nil && strings.HasPrefix(string(at.Transport), "tcp") {
		errs = append(errs, fmt.Errorf("http::endpoint: must be a host and a port such as localhost:8321, got %q", at.Endpoint))
	}
	if cfg.HTTP.MaxRequestBodySize < 0 {
		errs = append(errs, fmt.Errorf("http::max_request_body_size: must not be negative, got %d", cfg.HTTP.MaxRequestBodySize))
	}
	if t := cfg.HTTP.ReadTimeout; t != 0 && t < time.Millisecond {
		errs = append(errs, fmt.Errorf("http::read_timeout: must be at least 1ms, or 0 for none, got %s: write it with a unit, such as 30s", t))
	}
	return errors.Join(errs...)
}

// claimPath refuses what http.ServeMux would panic over or never reach: a path
// that is no clean path, holds a wildcard, or stands twice.
func claimPath(taken map[string]string, door, at string) error {
	if !strings.HasPrefix(at, "/") || strings.ContainsAny(at, "{} ?#%") || path.Clean(at) != at {
		return fmt.Errorf("%s::path: must begin with a slash, not end with one, and hold no braces, spaces, `%%`, `?`, `#`, `//` or dots between slashes, got %q", door, at)
	}
	if other, ok := taken[at]; ok {
		return fmt.Errorf("%s::path: %q is the path of %s", door, at, other)
	}
	taken[at] = door
	return nil
}
