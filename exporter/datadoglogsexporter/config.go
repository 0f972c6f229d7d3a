package datadoglogsexporter

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Config is the configuration of the exporter.
type Config struct {
	// API is the Datadog account.
	API APIConfig `mapstructure:"api"`
	// Management is the extension that has each project's account, in place of API's
	// site and key.
	Management *component.ID `mapstructure:"management"`
	// MaxQueuedEvents bounds the queues of all projects together, with Management.
	MaxQueuedEvents int `mapstructure:"max_queued_events"`
	// Tags are added to ddtags, each written key:value.
	Tags []string `mapstructure:"tags"`
	// Hostname is added to every record where set.
	Hostname string `mapstructure:"hostname"`
	// Oversize tells what becomes of an event over 1,000,000 bytes: truncate or drop.
	Oversize Oversize `mapstructure:"oversize"`
	// TooOld tells what becomes of an event over 18 hours old: send or drop.
	TooOld httpsend.TooOld `mapstructure:"too_old"`

	// ClientConfig is the HTTP client. Its endpoint replaces the site's intake.
	ClientConfig confighttp.ClientConfig                                  `mapstructure:",squash"` // the keys of every HTTP exporter stand at its root
	QueueConfig  configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig  configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
}

// APIConfig is the Datadog account.
type APIConfig struct {
	// Site is the Datadog site, as in datadoghq.com, or its short name, as in EU.
	Site string `mapstructure:"site"`
	// Key is the API key.
	Key configopaque.String `mapstructure:"key"`
	// FailOnInvalidKey makes the start fail on a key that Datadog refuses.
	FailOnInvalidKey bool `mapstructure:"fail_on_invalid_key"`
	// Endpoint replaces the site's API, which checks the key.
	Endpoint string `mapstructure:"endpoint"`

	numbers []string // keys of texts that are numbers in the configuration
	managed bool     // each project has an account of its own
}

// Unmarshal takes a number as a key, and cuts the line end of a file off it.
func (cfg *APIConfig) Unmarshal(conf *confmap.Conf) error {
	numbers, err := httpsend.Texts(conf, "key")
	if err != nil {
		return err
	}
	if len(numbers) > 0 {
		cfg.numbers = []string{"api::key"}
	}
	return conf.Unmarshal(cfg)
}

// Unmarshal cuts the line end of a file off the headers' values.
func (cfg *Config) Unmarshal(conf *confmap.Conf) error {
	if err := conf.Unmarshal(cfg); err != nil {
		return err
	}
	httpsend.CutLineEnds(cfg.ClientConfig.Headers)
	if cfg.Management != nil {
		cfg.API.managed = true
		httpsend.SetManagedDefaults(conf, &cfg.ClientConfig, &cfg.QueueConfig, &cfg.MaxQueuedEvents)
	}
	return nil
}

// Oversize tells what becomes of an event that is larger than Datadog takes.
type Oversize string

// The values of Oversize.
const (
	OversizeTruncate Oversize = "truncate"
	OversizeDrop     Oversize = "drop"
)

// Validate refuses other values.
func (o Oversize) Validate() error {
	if o != OversizeTruncate && o != OversizeDrop {
		return fmt.Errorf("must be truncate or drop, got %q", string(o))
	}
	return nil
}

// usualKey is the form of the keys that Datadog gives out. It is not
// documented as the only one, so another is a warning at the start.
var usualKey = regexp.MustCompile(`^[0-9a-f]{32}$`)

// siteName is a domain or a short name: it becomes a part of a host name.
var siteName = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

// Validate checks the account.
func (cfg *APIConfig) Validate() error {
	var errs []error
	switch {
	case cfg.managed && cfg.Key != "":
		errs = append(errs, errors.New("key: must not be set with management, which has a key for each project"))
	case cfg.managed && cfg.Site != defaultSite:
		errs = append(errs, errors.New("site: must not be set with management, which has a site for each project"))
	case cfg.managed && cfg.FailOnInvalidKey:
		errs = append(errs, errors.New("fail_on_invalid_key: must not be set with management, whose keys come later"))
	case cfg.managed:
	case cfg.Key == "":
		errs = append(errs, errors.New("key: must be set"))
	case strings.ContainsFunc(string(cfg.Key), func(r rune) bool { return r <= ' ' || r > '~' }):
		errs = append(errs, errors.New("key: must be of visible ASCII characters alone; is there a space or a line end in it?"))
	}
	if !siteName.MatchString(cfg.Site) {
		errs = append(errs, fmt.Errorf("site: must be the name of a Datadog site such as datadoghq.com, got %q", cfg.Site))
	}
	return errors.Join(errs...)
}

// Validate checks what stands at the root.
func (cfg *Config) Validate() error {
	var errs []error
	if _, err := cfg.url(); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, httpsend.Check(cfg.ClientConfig, cfg.QueueConfig, cfg.RetryConfig))
	if cfg.Management != nil {
		errs = append(errs, httpsend.CheckManaged(cfg.QueueConfig, cfg.MaxQueuedEvents))
	} else if cfg.MaxQueuedEvents != 0 {
		errs = append(errs, errors.New("max_queued_events: goes with management; sending_queue::queue_size bounds one queue"))
	}
	validate, err := cfg.validateURL()
	if err != nil {
		errs = append(errs, err)
	} else if validate == "" && cfg.API.FailOnInvalidKey {
		errs = append(errs, errors.New("api::fail_on_invalid_key: needs api::endpoint where endpoint is set"))
	}
	if _, known := payload.CodecOf(cfg.ClientConfig.Compression); !known {
		errs = append(errs, fmt.Errorf("compression: must be gzip, zstd or none, got %q", cfg.ClientConfig.Compression))
	}
	if cfg.ClientConfig.CompressionParams.Level != 0 {
		errs = append(errs, errors.New("compression_params: the level is fixed"))
	}
	for i, tag := range cfg.Tags {
		if tag == "" || strings.ContainsAny(tag, ",") {
			errs = append(errs, fmt.Errorf("tags::%d: must be one tag such as team:identity, got %q", i, tag))
		}
	}
	return errors.Join(errs...)
}
