package datadoglogsexporter

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// Config is the configuration of the exporter.
type Config struct {
	// API is the Datadog account.
	API APIConfig `mapstructure:"api"`
	// Tags are added to ddtags, each written key:value.
	Tags []string `mapstructure:"tags"`

	// ClientConfig is the HTTP client. Its endpoint replaces the site's intake.
	ClientConfig confighttp.ClientConfig                                  `mapstructure:",squash"` // the keys of every HTTP exporter stand at its root
	QueueConfig  configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig  configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
}

// APIConfig is the Datadog account.
type APIConfig struct {
	// Site is the Datadog site, as in datadoghq.com.
	Site string `mapstructure:"site"`
	// Key is the API key.
	Key configopaque.String `mapstructure:"key"`
}

// Validate checks the account.
func (cfg *APIConfig) Validate() error {
	var errs []error
	if cfg.Key == "" {
		errs = append(errs, errors.New("key: must be set"))
	}
	if cfg.Site == "" || strings.ContainsAny(cfg.Site, ":/ ") {
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
	if cfg.ClientConfig.Compression != configcompression.TypeGzip {
		errs = append(errs, fmt.Errorf("compression: must be gzip, got %q", cfg.ClientConfig.Compression))
	}
	for i, tag := range cfg.Tags {
		if tag == "" || strings.ContainsAny(tag, ",") {
			errs = append(errs, fmt.Errorf("tags::%d: must be one tag such as team:identity, got %q", i, tag))
		}
	}
	return errors.Join(errs...)
}

// intakePath is where the intake takes logs:
// https://docs.datadoghq.com/api/latest/logs/#send-logs.
const intakePath = "/api/v2/logs"

// url is where payloads are posted to.
func (cfg *Config) url() (string, error) {
	if cfg.ClientConfig.Endpoint == "" {
		return "https://http-intake.logs." + cfg.API.Site + intakePath, nil
	}
	return httpsend.Endpoint(cfg.ClientConfig.Endpoint, intakePath)
}
