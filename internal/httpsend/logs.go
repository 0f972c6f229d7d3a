package httpsend

import (
	"cmp"
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exporterhelper/xexporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/groupcommit"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
	"github.com/otelcol-stytch/otelcol-stytch/internal/queuestore"
)

// logs is an exporter's part behind exporterhelper.
type logs struct {
	Backend
	build      func(context.Context, component.Host) (*Sender, error)
	logger     *zap.Logger
	sender     *Sender
	quarantine *quarantine // nil: there is no queue
	waiting    *waiting    // nil: there is no queue in memory
}

// NewLogs returns the exporter: exporterhelper's, with requests that are encoded
// before they are queued.
//
// A request of logs meets, in this order: queuestore, which does nothing there;
// groupcommit; the error with what is left, where there is no queue; exporterhelper,
// which calls Encode, queues and batches; and push.
func NewLogs(ctx context.Context, set exporter.Settings, b Backend) (exporter.Logs, error) {
	return newLogs(ctx, set, b, func(ctx context.Context, host component.Host) (*Sender, error) {
		return b.newSender(ctx, host, set)
	})
}

func newLogs(ctx context.Context, set exporter.Settings, b Backend, build func(context.Context, component.Host) (*Sender, error)) (exporter.Logs, error) {
	l := &logs{Backend: b, build: build, logger: set.Logger}
	damage := queuestore.Damage{Logger: set.Logger, Counter: b.Metrics.QueueDamage, Options: []metric.AddOption{b.Metrics.Attributes()}}
	encoding := payload.QueueEncoding{Format: b.Format, Encode: b.Encode, Damaged: damage.Item}
	stored, push, retry := set.ID, l.push, b.Retry
	if b.stream != nil {
		b.stream.logs = l
		stored, push, retry = b.stream.id, b.stream.push, shutdownRetry
	}
	if b.Queue.HasValue() {
		l.quarantine = newQuarantine(l, encoding)
		onDisk := b.Queue.Get().StorageID != nil
		if !onDisk {
			l.waiting = &waiting{retry: b.Retry}
		}
		set.Logger = withoutFalseAlarm(set.Logger, onDisk)
	}
	next, err := xexporterhelper.NewLogsRequest(ctx, set,
		func(_ context.Context, ld plog.Logs) (xexporterhelper.Request, error) { return b.Encode(ld), nil },
		func(ctx context.Context, r xexporterhelper.Request) error { return push(ctx, r.(*payload.Request)) },
		// One push can be many requests, each with the client's own timeout.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithRetry(retry),
		xexporterhelper.WithQueueBatch(b.Queue, xexporterhelper.QueueBatchSettings{Encoding: encoding}),
		exporterhelper.WithStart(l.start),
		exporterhelper.WithShutdown(l.shutdown),
	)
	if err != nil {
		return nil, err
	}
	if !b.Queue.HasValue() {
		next = synchronous{next}
	}
	next = groupcommit.Wrap(set, readOnly{next}, b.Queue)
	return queuestore.Wrap(set.ID, stored, next, b.Queue, encoding.Fingerprint, damage, l.quarantine), nil
}

func (l *logs) start(ctx context.Context, host component.Host) (err error) {
	if l.sender, err = l.build(ctx, host); err != nil {
		return err
	}
	l.sender.diagnosis.logger = l.logger
	if l.stream == nil {
		l.Metrics.begin(ctx)
	}
	if l.quarantine != nil {
		l.quarantine.start(l.sender)
	}
	if l.Started != nil {
		return l.Started(ctx, l.sender)
	}
	return nil
}

// delivered counts records that the destination took.
func (l *logs) delivered(records []payload.Record) {
	l.Metrics.DeliveredEvents.Add(context.Background(), int64(len(records)), l.Metrics.Attributes())
	if l.stream != nil {
		l.stream.account.delivered(len(records))
	}
	l.Delivered(records)
}

// quarantined takes the number of records in quarantine.
func (l *logs) quarantined(records int) {
	if l.stream != nil {
		records = l.stream.account.quarantined(records)
	}
	l.Metrics.quarantined(records)
}

// push sends a request, as Sender.Send does.
func (l *logs) push(ctx context.Context, r *payload.Request) error {
	if l.waiting == nil {
		return l.send(ctx, r)
	}
	first := l.waiting.took(r)
	err := l.send(ctx, r)
	if err != nil {
		l.waiting.failed(r.OnError(err).(*payload.Request), first)
	}
	return err
}

func (l *logs) send(ctx context.Context, r *payload.Request) error {
	r, err := l.Filter(r)
	if err != nil {
		return err
	}
	return l.sender.Send(ctx, payload.NewCursor(r), l.delivered)
}

// shutdown is called once exporterhelper has emptied the queue and given up what
// waited.
func (l *logs) shutdown(ctx context.Context) error {
	if l.sender == nil { // there was no start, or it failed early
		l.Shutdown()
		return nil
	}
	if l.quarantine != nil {
		l.quarantine.stop()
	}
	if l.waiting != nil {
		l.finish(ctx)
	}
	l.Shutdown()
	if l.stream == nil { // else other streams have the same
		l.sender.Client.CloseIdleConnections()
	}
	return nil
}

// finish gives the events that a queue in memory has left their last attempt.
func (l *logs) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastAttempts)
	defer cancel()
	before := len(l.quarantine.records)
	delivered, lost, err := l.waiting.finish(ctx, l.send)
	left, words := l.quarantine.finish(ctx)
	delivered += before - left // what went into quarantine just now counts as delivered so far
	lost += left
	if delivered > 0 {
		l.logger.Info("Delivered at the shutdown what had waited to be sent again", zap.Int("events", delivered))
	}
	if lost > 0 {
		l.logger.Error("Lost events: the queue is in memory, and the destination did not take them at the shutdown",
			zap.Int("events", lost), zap.Error(cmp.Or(err, words)))
	}
}

// readOnly says that the exporter does not change logs. exporterhelper says that it
// does where requests are batched, and then each pipeline would get a copy.
type readOnly struct{ exporter.Logs }

func (readOnly) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// synchronous is an exporter without a queue. Its error contains what is left.
type synchronous struct{ exporter.Logs }

func (s synchronous) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	err := s.Logs.ConsumeLogs(ctx, ld)
	var undelivered *payload.Undelivered
	if errors.As(err, &undelivered) {
		return withRemainder(err, ld, undelivered.Remainder)
	}
	return err
}
