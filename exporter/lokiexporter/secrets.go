package lokiexporter

import (
	"encoding/base64"
	"strings"

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
	secrets := []configopaque.String{cfg.credentials(), cfg.Password}
	for _, secret := range httpsend.Secrets(cfg.ClientConfig) {
		secrets = append(secrets, secret)
		if _, token, ok := strings.Cut(string(secret), " "); ok { // Bearer TOKEN
			secrets = append(secrets, configopaque.String(token))
		}
	}
	return secrets
}
