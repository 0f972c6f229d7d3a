package httpsend

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Backend is what an exporter brings of its own. Every field is required unless
// its comment says otherwise. The functions are called from several goroutines at
// a time.
type Backend struct {
	// Format is the format of the requests that Encode makes.
	Format *payload.Format
	// Encode makes a request of logs, before they are queued. It does not change or
	// keep the logs.
	Encode func(plog.Logs) *payload.Request
	// Filter returns a request without the records that must not be sent. It counts
	// those. Its error keeps the whole request.
	Filter func(*payload.Request) (*payload.Request, error)
	// Classify reads the answer to a request of so many records. The body is at most
	// 64 KiB and one byte long.
	Classify func(code int, body []byte, records int) Result

	Target Target
	// Keys names what a user can correct.
	Keys Keys

	Client confighttp.ClientConfig
	Queue  configoptional.Optional[exporterhelper.QueueBatchConfig]
	Retry  configretry.BackOffConfig

	Metrics Metrics
	// Drops counts what will never be delivered.
	Drops *Drops
	// Delivered is told of the records that the destination took, some at a time. It
	// must not keep the slice.
	Delivered func([]payload.Record)
	// Observe is told of every request. Nil is no function.
	Observe func(context.Context, Attempt)

	// Started is called when the Sender is ready, before the queue is read. Its error
	// ends the start. Nil is no function.
	Started func(context.Context, *Sender) error
	// Shutdown is called once nothing is sent any more, also without a start.
	Shutdown func()

	stream *stream // nil: the exporter has one target, which never changes
}

// newSender builds the HTTP clients: the extensions that they may need exist only
// at the start.
func (b *Backend) newSender(ctx context.Context, host component.Host, set exporter.Settings) (*Sender, error) {
	client, fresh, err := newClients(ctx, b.Client, host, set)
	if err != nil {
		return nil, err
	}
	report := func(event *componentstatus.Event) { componentstatus.ReportStatus(host, event) }
	return b.senderWith(client, fresh, set.BuildInfo, report), nil
}

func (b *Backend) senderWith(client, fresh *http.Client, build component.BuildInfo, report func(*componentstatus.Event)) *Sender {
	s := &Sender{
		Client: client, Fresh: fresh,
		header:   http.Header{"User-Agent": {build.Command + "/" + build.Version}},
		secrets:  clientSecrets(b.Client),
		Classify: b.Classify,
		HoldFor:  b.Retry.MaxInterval,
		Drops:    b.Drops,
		Observe: func(ctx context.Context, x Attempt) {
			b.Metrics.observe(ctx, x)
			if b.Observe != nil {
				b.Observe(ctx, x)
			}
		},
		Report: report,
		Keys:   b.Keys,
	}
	if encoding := b.Format.Codec.ContentEncoding; encoding != "" {
		s.header.Set("Content-Encoding", encoding)
	}
	s.aim(b.Target)
	return s
}
