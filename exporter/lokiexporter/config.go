package lokiexporter

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

// Config is the configuration of the exporter.
type Config struct {
	// Hostname of the Loki, as in Stytch's own settings; https and the path of
	// the push API are added.
	Hostname Hostname `mapstructure:"hostname"`
	// Username and Password are sent by Basic authentication where set.
	Username string              `mapstructure:"username"`
	Password configopaque.String `mapstructure:"password"`
	// TenantID is sent as X-Scope-OrgID where set.
	TenantID string `mapstructure:"tenant_id"`

	// Management is the extension that has each project's Loki, in place of Hostname,
	// Username, Password and TenantID.
	Management *component.ID `mapstructure:"management"`
	// MaxQueuedEvents bounds the queues of all projects together, with Management.
	MaxQueuedEvents int `mapstructure:"max_queued_events"`

	// Labels are stream labels besides source and service_name.
	Labels Labels `mapstructure:"labels"`
	// StructuredMetadata is the attributes that go along with each line.
	StructuredMetadata StructuredMetadata `mapstructure:"structured_metadata"`
	// TooOld says what becomes of an entry that Loki will refuse for its time. Send is
	// for a Loki whose limits are other ones.
	TooOld httpsend.TooOld `mapstructure:"too_old"`

	// Encoding of a request. ClientConfig.Compression goes with it.
	Encoding Encoding `mapstructure:"encoding"`
	// MaxRequestBytes bounds a request before compression. Keep it below the
	// tenant's ingestion_burst_size_mb and per_stream_rate_limit_burst: a
	// request above them never passes.
	MaxRequestBytes int `mapstructure:"max_request_bytes"`

	// ClientConfig is the HTTP client. Its endpoint stands instead of Hostname.
	ClientConfig confighttp.ClientConfig                                  `mapstructure:",squash"` // the keys of every HTTP exporter stand at its root
	QueueConfig  configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig  configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`

	numbers []string // keys of texts that are numbers in the configuration
}

// Unmarshal takes numbers as texts where texts are wanted, and cuts the line end of
// a file off a secret.
func (cfg *Config) Unmarshal(conf *confmap.Conf) error {
	numbers, err := httpsend.Texts(conf, "username", "password", "tenant_id")
	if err != nil {
		return err
	}
	cfg.numbers = numbers
	if err := conf.Unmarshal(cfg); err != nil {
		return err
	}
	httpsend.CutLineEnds(cfg.ClientConfig.Headers)
	if cfg.Management != nil {
		httpsend.SetManagedDefaults(conf, &cfg.ClientConfig, &cfg.QueueConfig, &cfg.MaxQueuedEvents)
	}
	return nil
}

// Hostname is a host name or an IP address, with a port where it is not 443.
type Hostname string

// Validate refuses what is more than a host's name.
func (h Hostname) Validate() error {
	if h == "" {
		return nil // `endpoint` may stand instead
	}
	u, err := url.Parse("https://" + string(h))
	if err != nil || u.Host != string(h) || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || strings.ContainsAny(u.Host, ",; \t") {
		return fmt.Errorf("must be a host name without scheme or path, got %q", string(h))
	}
	return httpsend.CheckPort(u.Port())
}

// Validate checks what stands at the root.
func (cfg *Config) Validate() error {
	var errs []error
	if cfg.Management != nil {
		errs = append(errs, cfg.checkManaged())
	} else if cfg.MaxQueuedEvents != 0 {
		errs = append(errs, errors.New("max_queued_events: goes with management; sending_queue::queue_size bounds one queue"))
	}
	if _, err := cfg.url(); err != nil && (cfg.Management == nil || cfg.ClientConfig.Endpoint != "") {
		errs = append(errs, err)
	}
	errs = append(errs, httpsend.Check(cfg.ClientConfig, cfg.QueueConfig, cfg.RetryConfig))
	if (cfg.Username == "") != (cfg.Password == "") {
		errs = append(errs, errors.New("username, password: set both or neither"))
	}
	if strings.Contains(cfg.Username, ":") {
		errs = append(errs, errors.New("username: must not hold a colon, which ends it in Basic authentication"))
	}
	if cfg.Username != "" && cfg.ClientConfig.Auth.HasValue() {
		errs = append(errs, errors.New("username, auth: set one of them"))
	}
	if strings.ContainsFunc(cfg.Username, unicode.IsControl) {
		errs = append(errs, errors.New("username: must not hold a control character, such as a line end"))
	}
	errs = append(errs, httpsend.CheckSecret("password", cfg.Password), checkTenant(cfg.TenantID))
	if _, err := cfg.encoder(); err != nil {
		errs = append(errs, err)
	}
	if cfg.MaxRequestBytes <= 0 {
		errs = append(errs, fmt.Errorf("max_request_bytes: must be positive, got %d", cfg.MaxRequestBytes))
	}
	if err := cfg.distinctNames(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// What Loki takes as a tenant:
// https://github.com/grafana/dskit/blob/main/tenant/tenant.go.
const longestTenant = 150 // bytes

var tenantCharacters = regexp.MustCompile(`^[a-zA-Z0-9!\-_.*'()]*$`)

func checkTenant(tenant string) error {
	switch {
	case !tenantCharacters.MatchString(tenant):
		return fmt.Errorf("tenant_id: must be one tenant, of letters, digits and !-_.*'() alone, got %q", tenant)
	case len(tenant) > longestTenant:
		return fmt.Errorf("tenant_id: must be at most %d bytes long, got %d", longestTenant, len(tenant))
	case tenant == "." || tenant == "..":
		return fmt.Errorf("tenant_id: must not be %q, which Loki refuses", tenant)
	}
	return nil
}

// url is where requests are posted to.
func (cfg *Config) url() (string, error) {
	switch {
	case cfg.Hostname != "" && cfg.ClientConfig.Endpoint != "":
		return "", errors.New("hostname, endpoint: set one of them")
	case cfg.ClientConfig.Endpoint != "":
		return httpsend.Endpoint(cfg.ClientConfig.Endpoint, lokipush.Path)
	case cfg.Hostname != "":
		return "https://" + string(cfg.Hostname) + lokipush.Path, nil
	default:
		return "", errors.New("hostname: must be set, or `endpoint` to a whole URL")
	}
}
