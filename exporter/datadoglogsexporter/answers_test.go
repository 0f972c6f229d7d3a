package datadoglogsexporter

import (
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend/httpsendtest"
)

// Datadog documents 202 alone; proxies and compatible intakes answer 200 or
// 204, so every 2xx means delivered here.
func TestEveryAnswer(t *testing.T) {
	httpsendtest.CheckAnswers(t, NewFactory(), func(url string) component.Config {
		cfg := createDefaultConfig().(*Config)
		cfg.API.Key = apiKey
		cfg.ClientConfig.Endpoint = url
		cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
		cfg.RetryConfig.Enabled = false
		return cfg
	}, nil)
}
