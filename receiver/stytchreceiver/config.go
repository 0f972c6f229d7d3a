package stytchreceiver

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
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

const readyPath = "/ready"

// Validate checks what spans several keys.
func (cfg *Config) Validate() error {
	var errs []error
	if !cfg.LokiPush.HasValue() && !cfg.Events.HasValue() {
		errs = append(errs, errors.New("no door is open: enable at least one of `loki_push` and `events`"))
	}
	taken := map[string]string{lokipush.Path: "the Loki door", readyPath: "the readiness probe"}
	if cfg.Events.HasValue() {
		errs = append(errs, claimPath(taken, "events", cfg.Events.Get().Path))
	}
	for i, field := range cfg.Promote {
		if field == "" {
			errs = append(errs, fmt.Errorf("promote::%d: must name a field of the event", i))
		}
	}
	return errors.Join(errs...)
}

// claimPath refuses what http.ServeMux would panic over: a path that is no
// path, holds a wildcard, or stands twice.
func claimPath(taken map[string]string, door, path string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "{} ?#") {
		return fmt.Errorf("%s::path: must begin with a slash and hold no braces, spaces, `?` or `#`, got %q", door, path)
	}
	if other, ok := taken[path]; ok {
		return fmt.Errorf("%s::path: %q is the path of %s", door, path, other)
	}
	taken[path] = door + "::path"
	return nil
}
