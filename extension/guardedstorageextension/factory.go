package guardedstorageextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-stytch/otelcol-stytch/extension/guardedstorageextension/internal/metadata"
)

// NewFactory returns the factory of the extension of type guarded_storage.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, func() component.Config { return &Config{} }, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &guard{id: set.ID, storageID: cfg.(*Config).Storage, logger: set.Logger, telemetry: telemetry}, nil
}
