package httpsend

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// DefaultClient is the HTTP client's configuration. Its timeout bounds one
// request, not the whole push.
func DefaultClient() confighttp.ClientConfig {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 30 * time.Second
	// Every consumer of the queue keeps its connection.
	client.MaxIdleConnsPerHost = 100
	// An HTTP/2 connection whose other end has gone without a word (a NAT, a failover)
	// would take every retry until the system gives it up, after about 15 minutes.
	client.HTTP2ReadIdleTimeout = 10 * time.Second
	client.HTTP2PingTimeout = 5 * time.Second
	return client
}

// DefaultQueue is the sending queue's configuration. It counts items, because a
// request can be one event or a thousand, and batches. exporterhelper's default
// counts requests and does not batch.
func DefaultQueue() configoptional.Optional[exporterhelper.QueueBatchConfig] {
	return configoptional.Some(exporterhelper.QueueBatchConfig{
		Sizer:        exporterhelper.RequestSizerTypeItems,
		QueueSize:    100_000,
		NumConsumers: 4,
		Batch: configoptional.Some(exporterhelper.BatchConfig{
			Sizer:        exporterhelper.RequestSizerTypeItems,
			FlushTimeout: 200 * time.Millisecond,
			MinSize:      1000,
			MaxSize:      1000, // a block of internal/payload
		}),
	})
}

// DefaultRetry retries without end. exporterhelper's default drops acknowledged
// events after five minutes.
func DefaultRetry() configretry.BackOffConfig {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return retry
}

// TooOld is what becomes of a record that the destination does not take for its time.
type TooOld string

// The values of TooOld.
const (
	TooOldSend TooOld = "send"
	TooOldDrop TooOld = "drop"
)

// Validate refuses other values.
func (t TooOld) Validate() error {
	if t != TooOldSend && t != TooOldDrop {
		return fmt.Errorf("must be send or drop, got %q", string(t))
	}
	return nil
}

// newClients builds the HTTP client, and one that opens a connection for each
// request. They do not compress: the Sender does. They follow no redirect: net/http
// would send a header of ours with a key to the new address.
func newClients(ctx context.Context, cfg confighttp.ClientConfig, host component.Host, set exporter.Settings) (client, fresh *http.Client, err error) {
	if err := checkAuthenticator(ctx, cfg, host, set.ID); err != nil {
		return nil, nil, err
	}
	cfg.Compression = ""
	if client, err = newClient(ctx, cfg, host, set.TelemetrySettings); err != nil {
		return nil, nil, err
	}
	cfg.DisableKeepAlives = true
	fresh, err = newClient(ctx, cfg, host, set.TelemetrySettings)
	return client, fresh, err
}

func newClient(ctx context.Context, cfg confighttp.ClientConfig, host component.Host, set component.TelemetrySettings) (*http.Client, error) {
	client, err := cfg.ToClient(ctx, host.GetExtensions(), set)
	if err != nil {
		return nil, fmt.Errorf("building the HTTP client: %w", err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}
