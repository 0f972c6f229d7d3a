package stytchmanagementextension

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpserve"
)

// Config is the configuration of the extension.
type Config struct {
	// HTTP is the server of the API and the page. It authenticates by WorkspaceKeys.
	HTTP confighttp.ServerConfig `mapstructure:"http"`
	// WorkspaceKeys are the credentials of those who may read and change streams.
	WorkspaceKeys []WorkspaceKey `mapstructure:"workspace_keys"`
	// Storage is the storage extension that keeps the streams.
	Storage *component.ID `mapstructure:"storage"`
	// EncryptionKeys are 32 bytes each, in base64. The first seals what is stored, all
	// open it.
	EncryptionKeys []configopaque.String `mapstructure:"encryption_keys"`
	// Environments say which project each pair of slugs in the API's paths means.
	Environments []Environment `mapstructure:"environments"`
	// Activity is the page's view of events as they pass.
	Activity ActivityConfig `mapstructure:"activity"`
	// Hosts are further names by which the page may be called.
	Hosts []string `mapstructure:"hosts"`
	// Follow makes the extension a read-only copy of another one. Off unless set.
	Follow configoptional.Optional[FollowConfig] `mapstructure:"follow"`
}

// WorkspaceKey is a pair of credentials.
type WorkspaceKey struct {
	ID     string              `mapstructure:"id"`
	Secret configopaque.String `mapstructure:"secret"`
}

// Environment is an environment of a project in Stytch's dashboard.
type Environment struct {
	ProjectSlug     string `mapstructure:"project_slug"`
	EnvironmentSlug string `mapstructure:"environment_slug"`
	// ProjectID is what the environment's events carry: project-live-… or project-test-….
	ProjectID string `mapstructure:"project_id"`
}

// ActivityConfig is the configuration of the page's view of events.
type ActivityConfig struct {
	Enabled bool `mapstructure:"enabled"`
	// Events is how many of the last events are kept in memory.
	Events int `mapstructure:"events"`
	// Show is masked or full.
	Show string `mapstructure:"show"`
}

// maxActivity bounds the memory that is set aside for events, at about 100 bytes each
// besides their texts.
const maxActivity = 100_000

// What ActivityConfig.Show can be.
const (
	showMasked = "masked"
	showFull   = "full"
)

// FollowConfig says which extension is followed.
type FollowConfig struct {
	// ClientConfig is the HTTP client. Its endpoint is the other extension's address.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`
	// Key is one of the other extension's workspace keys.
	Key WorkspaceKey `mapstructure:"key"`
}

// Validate checks what spans several keys.
func (cfg *Config) Validate() error {
	errs := []error{httpserve.Validate(&cfg.HTTP)}
	if cfg.HTTP.Auth.HasValue() {
		errs = append(errs, errors.New("http::auth: is not supported: `workspace_keys` authenticate"))
	}
	if cfg.HTTP.CORS.HasValue() {
		errs = append(errs, errors.New("http::cors: is not supported: no other site may use this server"))
	}
	if len(cfg.WorkspaceKeys) == 0 {
		errs = append(errs, errors.New("workspace_keys: at least one is required"))
	}
	ids, secrets := map[string]int{}, map[string]int{}
	for i, key := range cfg.WorkspaceKeys {
		at := fmt.Sprintf("workspace_keys::%d", i)
		errs = append(errs, once(ids, i, at+"::id", key.ID), once(secrets, i, at+"::secret", key.secret()))
	}
	if cfg.Storage == nil {
		errs = append(errs, errors.New("storage: is required: name a storage extension such as file_storage, which keeps the streams over a restart"))
	}
	if _, err := cfg.sealKeys(); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, cfg.validateEnvironments())
	for i, host := range cfg.Hosts {
		if !isHost(host) || strings.Contains(host, ":") {
			errs = append(errs, fmt.Errorf("hosts::%d: must be a host's name without scheme, port and path, such as streams.example.com, got %q", i, host))
		}
	}
	if n := cfg.Activity.Events; n < 1 || n > maxActivity {
		errs = append(errs, fmt.Errorf("activity::events: must be between 1 and %d, got %d", maxActivity, n))
	}
	if show := cfg.Activity.Show; show != showMasked && show != showFull {
		errs = append(errs, fmt.Errorf("activity::show: must be %s or %s, got %q", showMasked, showFull, show))
	}
	return errors.Join(errs...)
}

// once returns an error if value stood at an earlier index.
func once(seen map[string]int, i int, key, value string) error {
	first, found := seen[value]
	if found {
		return fmt.Errorf("%s: is the same as at index %d", key, first)
	}
	seen[value] = i
	return nil
}

// minSecret is in bytes. A secret of 16 random characters cannot be guessed.
const minSecret = 16

// Validate checks one pair of credentials. Its errors hold no secret.
func (key WorkspaceKey) Validate() error {
	var errs []error
	if key.ID == "" || strings.ContainsFunc(key.ID, notPrintable) || strings.Contains(key.ID, ":") {
		errs = append(errs, fmt.Errorf("id: must be printable ASCII without spaces and colons, got %q", key.ID))
	}
	if secret := key.secret(); len(secret) < minSecret || strings.ContainsFunc(secret, notPrintable) {
		errs = append(errs, fmt.Errorf("secret: must be at least %d characters of printable ASCII without spaces", minSecret))
	}
	return errors.Join(errs...)
}

// secret is the secret without the line end of the file it may come from.
func (key WorkspaceKey) secret() string { return strings.TrimRight(string(key.Secret), "\r\n") }

func notPrintable(r rune) bool { return r <= ' ' || r > '~' }

// sealKeys decodes EncryptionKeys. Its errors hold no part of a key.
func (cfg *Config) sealKeys() ([][]byte, error) {
	var keys [][]byte
	var errs []error
	seen := map[string]int{}
	for i, text := range cfg.EncryptionKeys {
		at := fmt.Sprintf("encryption_keys::%d", i)
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != sealKeySize {
			errs = append(errs, fmt.Errorf("%s: must be %d bytes in base64, as `openssl rand -base64 %d` prints them", at, sealKeySize, sealKeySize))
			continue
		}
		errs = append(errs, once(seen, i, at, string(key)))
		keys = append(keys, key)
	}
	return keys, errors.Join(errs...)
}

// slugs of Stytch are of lower-case letters, digits and hyphens. Here only what would
// break paths, or Terraform's import by project.environment.DESTINATION, is refused.
var slugs = regexp.MustCompile(`^[A-Za-z0-9_~-]+$`)

// projectIDs are at most 100 bytes long: they become part of the names of queue files.
var projectIDs = regexp.MustCompile(`^project-(live|test)-[A-Za-z0-9_-]{1,87}$`)

const projectIDWords = "must begin with project-live- or project-test- and go on with letters, digits, `-` and `_`, at most 100 characters"

// Validate checks one environment.
func (e Environment) Validate() error {
	var errs []error
	for _, slug := range []struct{ key, value string }{
		{"project_slug", e.ProjectSlug},
		{"environment_slug", e.EnvironmentSlug},
	} {
		if !slugs.MatchString(slug.value) {
			errs = append(errs, fmt.Errorf("%s: must be of letters, digits, `-` and `_`, as in the address of Stytch's dashboard, got %q", slug.key, slug.value))
		}
	}
	if !projectIDs.MatchString(e.ProjectID) {
		errs = append(errs, fmt.Errorf("project_id: "+projectIDWords+", got %q", e.ProjectID))
	}
	return errors.Join(errs...)
}

func (cfg *Config) validateEnvironments() error {
	var errs []error
	pairs, projects := map[string]int{}, map[string]int{}
	for i, e := range cfg.Environments {
		at := fmt.Sprintf("environments::%d", i)
		errs = append(errs,
			once(pairs, i, at, e.ProjectSlug+"."+e.EnvironmentSlug),
			once(projects, i, at+"::project_id", e.ProjectID))
	}
	return errors.Join(errs...)
}
