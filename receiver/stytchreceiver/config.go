package stytchreceiver

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// Config is the configuration of the receiver.
type Config struct {
	// HTTP is the server of all protocols. Its auth holds for loki_push and events;
	// webhooks carry a signature instead of credentials.
	HTTP confighttp.ServerConfig `mapstructure:"http"`
	// LokiPush is Loki's push API. On unless `enabled: false`.
	LokiPush configoptional.Optional[LokiPushConfig] `mapstructure:"loki_push"`
	// Events takes plain JSON. On unless `enabled: false`.
	Events configoptional.Optional[EventsConfig] `mapstructure:"events"`
	// Webhook takes Stytch's webhooks. On when a secret is set.
	Webhook configoptional.Optional[WebhookConfig] `mapstructure:"webhook"`
	// PushFor is who may push for whom by loki_push and events: names of users, as
	// http::auth tells them, and the project ids of the events that each may push. A
	// request with any other event is refused. Unset, every user may push everything.
	PushFor map[string][]string `mapstructure:"push_for"`
	// MaxEventsPerRequest bounds what one request can cost: a body of the
	// largest size can hold millions of empty events.
	MaxEventsPerRequest int `mapstructure:"max_events_per_request"`
	// MaxInflightBytes bounds the memory that all requests take at a time. 0 means a
	// quarter of GOMEMLIMIT, or 64 MiB if that is not set.
	MaxInflightBytes int64 `mapstructure:"max_inflight_bytes"`
	// Promote names further root members of an event that become record
	// attributes: organization_id becomes stytch.organization_id.
	Promote []string `mapstructure:"promote"`
}

// LokiPushConfig is the configuration of loki_push. Its path is Loki's.
type LokiPushConfig struct{}

// EventsConfig is the configuration of events.
type EventsConfig struct {
	// Path begins with a slash.
	Path string `mapstructure:"path"`
}

// WebhookConfig is the configuration of webhook. Senders are authenticated by their
// signatures.
type WebhookConfig struct {
	// Path begins with a slash.
	Path string `mapstructure:"path"`
	// Secrets are the signing secrets, whsec_ and base64. List two while one is rotated,
	// and one for each project.
	Secrets []configopaque.String `mapstructure:"secrets"`
	// MaxBodySize bounds the body of a webhook, in bytes: the body is read before its
	// signature can be checked.
	MaxBodySize int64 `mapstructure:"max_body_size"`
}

// defaultMaxWebhookSize is in bytes. A webhook holds one object, of a few KB.
const defaultMaxWebhookSize = 1 << 20

// keys decodes the secrets. Its errors hold no part of a secret.
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
		errs = append(errs, errors.New("no protocol is on: enable at least one of `loki_push`, `events` and `webhook`"))
	}
	taken := map[string]string{lokipush.Path: "loki_push", readyPath: "the readiness probe"}
	if cfg.Events.HasValue() {
		errs = append(errs, claimPath(taken, "events", cfg.Events.Get().Path))
	}
	if cfg.Webhook.HasValue() {
		_, err := cfg.Webhook.Get().keys()
		errs = append(errs, claimPath(taken, "webhook", cfg.Webhook.Get().Path), err)
		if size := cfg.Webhook.Get().MaxBodySize; size < 1 {
			errs = append(errs, fmt.Errorf("webhook::max_body_size: must be at least 1, got %d", size))
		}
	}
	errs = append(errs, validateHTTP(&cfg.HTTP))
	if cfg.MaxEventsPerRequest < 1 {
		errs = append(errs, fmt.Errorf("max_events_per_request: must be at least 1, got %d", cfg.MaxEventsPerRequest))
	}
	if n := cfg.MaxInflightBytes; n != 0 && n < minInflight {
		errs = append(errs, fmt.Errorf("max_inflight_bytes: must be at least %d, or 0 for the default, got %d", minInflight, n))
	}
	return errors.Join(append(errs, stytch.CheckFields(cfg.Promote), cfg.validatePushFor())...)
}

// claimPath returns an error for a path that http.ServeMux would panic over or never
// reach: one that is not clean, holds a wildcard, or is taken.
func claimPath(taken map[string]string, protocol, at string) error {
	if !strings.HasPrefix(at, "/") || strings.ContainsAny(at, "{} ?#%") || path.Clean(at) != at {
		return fmt.Errorf("%s::path: must begin with a slash, not end with one, and hold no braces, spaces, `%%`, `?`, `#`, `//` or dots between slashes, got %q", protocol, at)
	}
	if other, ok := taken[at]; ok {
		return fmt.Errorf("%s::path: %q is the path of %s", protocol, at, other)
	}
	taken[at] = protocol
	return nil
}
