package stytchreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
)

// NewFactory returns the factory of the receiver of type stytch.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig,
		receiver.WithLogs(createLogs, metadata.LogsStability))
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = "localhost:8321"
	// confighttp has no limit here: a sender that stalls would hold its
	// connection and its buffers for ever.
	server.ReadTimeout = 30 * time.Second
	// It must leave time for a pipeline that makes the sender wait.
	server.WriteTimeout = defaultWriteTimeout
	return &Config{
		HTTP:     server,
		LokiPush: configoptional.Some(LokiPushConfig{}),
		Events:   configoptional.Some(EventsConfig{Path: "/v1/events"}),
		Webhook:  configoptional.Default(WebhookConfig{Path: "/webhooks/stytch", MaxBodySize: defaultMaxWebhookSize}),
		// An event has about 800 bytes: a full body of them is a quarter of this.
		MaxEventsPerRequest: 100_000,
	}
}

func createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	return newReceiver(set, cfg.(*Config), next)
}
