package httpsend

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exporterhelper/xexporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/groupcommit"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
	"github.com/otelcol-stytch/otelcol-stytch/internal/queuestore"
)

// Backend is what an exporter brings of its own.
type Backend struct {
	// Format is of the requests that Encode makes.
	Format *payload.Format
	// Encode makes a request of logs, before they are queued.
	Encode func(plog.Logs) *payload.Request
	// Push sends a request, as Sender.Send does.
	Push func(context.Context, *payload.Request) error

	Start    component.StartFunc
	Shutdown component.ShutdownFunc

	Queue configoptional.Optional[exporterhelper.QueueBatchConfig]
	Retry configretry.BackOffConfig
	// Damage is told of what a queue on disk holds and cannot read.
	Damage queuestore.Damage
}

// NewLogs returns the exporter: exporterhelper's, with requests that are
// encoded before they are queued.
func NewLogs(ctx context.Context, set exporter.Settings, b Backend) (exporter.Logs, error) {
	encoding := payload.Encoding{Format: b.Format, Encode: b.Encode, Damaged: b.Damage.Item}
	next, err := xexporterhelper.NewLogsRequest(ctx, set,
		func(_ context.Context, ld plog.Logs) (xexporterhelper.Request, error) { return b.Encode(ld), nil },
		func(ctx context.Context, r xexporterhelper.Request) error { return b.Push(ctx, r.(*payload.Request)) },
		// One push can be many requests, each with the client's own timeout.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithRetry(b.Retry),
		xexporterhelper.WithQueueBatch(b.Queue, xexporterhelper.QueueBatchSettings{Encoding: encoding}),
		exporterhelper.WithStart(b.Start),
		exporterhelper.WithShutdown(b.Shutdown),
	)
	if err != nil {
		return nil, err
	}
	if !b.Queue.HasValue() {
		next = synchronous{next}
	}
	next = groupcommit.Wrap(set, reader{next}, b.Queue)
	return queuestore.Wrap(set.ID, next, b.Queue, encoding.Identify, b.Damage), nil
}

// reader tells that the logs are only read: exporterhelper says otherwise of
// its own requests where they are batched, and then each pipeline gets a copy.
type reader struct{ exporter.Logs }

func (reader) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: false} }

// synchronous is an exporter without a queue, which answers with what is left.
type synchronous struct{ exporter.Logs }

func (s synchronous) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	err := s.Logs.ConsumeLogs(ctx, ld)
	var undelivered *payload.Undelivered
	if errors.As(err, &undelivered) {
		return withRest(err, ld, undelivered.Rest)
	}
	return err
}
