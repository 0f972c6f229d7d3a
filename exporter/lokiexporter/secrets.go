package lokiexporter

import (
	"encoding/base64"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// credentials are those of Basic authentication, as they stand in the header.
func (cfg *Config) credentials() configopaque.String {
	if cfg.Username == "" {
		return ""
	}
	return configopaque.String(base64.StdEncoding.EncodeToString([]byte(cfg.Username + ":" + string(cfg.Password))))
}

// secrets are what must never be shown, even where an answer repeats it.
func (cfg *Config) secrets() []configopaque.String {
	return append([]configopaque.String{cfg.credentials(), cfg.Password}, httpsend.Secrets(cfg.ClientConfig)...)
}
