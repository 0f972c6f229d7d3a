package guardedstorageextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-stytch/otelcol-stytch/extension/guardedstorageextension/internal/metadata"
)

// NewFactory returns the factory of the extension of type guarded_storage.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, func() component.Config { return &Config{} }, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	storage := cfg.(*Config).Storage
	if storage == set.ID { // the collector would panic
		return nil, fmt.Errorf("extensions::%s::storage: names the extension itself: want one that stores, such as file_storage", set.ID)
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &guard{id: set.ID, storageID: storage, logger: set.Logger, telemetry: telemetry}, nil
}
