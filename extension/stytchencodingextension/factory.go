package stytchencodingextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchencodingextension/internal/metadata"
)

// NewFactory returns the factory of the extension of type stytch_encoding.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config { return &Config{} }

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newEncoding(set.BuildInfo.Version, cfg.(*Config)), nil
}
