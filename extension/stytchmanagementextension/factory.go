package stytchmanagementextension

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/metadata"
)

// NewFactory returns the factory of the extension of type stytch_management.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, createExtension, metadata.ExtensionStability)
}

// maxBodySize is in bytes. The largest change takes less than 4 KiB.
const maxBodySize = 64 << 10

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = "localhost:8322"
	server.MaxRequestBodySize = maxBodySize
	// confighttp has no limit here: a client that stalls would hold its connection for ever.
	server.ReadTimeout = 30 * time.Second
	client := confighttp.NewDefaultClientConfig()
	// A request that is not answered in time gives up its connection, which HTTP/2 would
	// use again though the other end is gone without a word.
	client.ForceAttemptHTTP2 = false
	return &Config{
		HTTP:     server,
		Activity: ActivityConfig{Events: 1000, Show: showMasked},
		Follow:   configoptional.Default(FollowConfig{ClientConfig: client}),
	}
}

func createExtension(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newExtension(set, cfg.(*Config)), nil
}
