package lokiexporter

import (
	"encoding/base64"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// credentials are those of Basic authentication, as they stand in the header.
func (cfg *Config) credentials() configopaque.String {
	if cfg.Username == "" {
		return ""
	}
	return configopaque.String(base64.StdEncoding.EncodeToString([]byte(cfg.Username + ":" + string(cfg.Password))))
}

// shortestSecret tells a secret in a header of the user's from a number or a
// word there, whose every occurrence in a message would be struck out.
const shortestSecret = 8

// secrets are what must never be shown, even where an answer repeats it.
func (cfg *Config) secrets() []configopaque.String {
	secrets := []configopaque.String{cfg.credentials(), cfg.Password}
	for _, header := range cfg.ClientConfig.Headers {
		value := string(header.Value)
		value = value[strings.LastIndexByte(value, ' ')+1:] // Bearer TOKEN
		if len(value) >= shortestSecret {
			secrets = append(secrets, configopaque.String(value))
		}
	}
	return secrets
}
