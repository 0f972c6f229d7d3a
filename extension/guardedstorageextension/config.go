package guardedstorageextension

import (
	"errors"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of the extension.
type Config struct {
	// Storage names the storage extension that stores, such as file_storage.
	Storage component.ID `mapstructure:"storage"`
}

// Validate requires a storage.
func (cfg *Config) Validate() error {
	if cfg.Storage == (component.ID{}) {
		return errors.New("storage: must name a storage extension, such as file_storage")
	}
	return nil
}
