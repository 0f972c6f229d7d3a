package lokiexporter

import (
	"encoding/base64"

	"go.opentelemetry.io/collector/config/configopaque"
)

// credentials are those of Basic authentication, as they stand in the header.
func (cfg *Config) credentials() configopaque.String {
	if cfg.Username == "" {
		return ""
	}
	return configopaque.String(base64.StdEncoding.EncodeToString([]byte(cfg.Username + ":" + string(cfg.Password))))
}

// secrets must never be shown, even where an answer repeats them.
func (cfg *Config) secrets() []configopaque.String {
	return []configopaque.String{cfg.credentials(), cfg.Password}
}
