package stytchprocessor

import (
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

// NewFactory returns the factory of the processor of type stytch.
func NewFactory() processor.Factory {
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithLogs(createLogs, metadata.LogsStability))
}

func createDefaultConfig() component.Config {
	return &Config{
		Source:  stytch.DefaultSource,
		Service: stytch.DefaultService,
		Enabled: true,
		Deduplicate: configoptional.Default(DeduplicateConfig{
			// Longer than a sender's quick retries and a restart; 833 events a second fill it.
			Window:    10 * time.Minute,
			MaxEvents: 500_000,
		}),
	}
}
