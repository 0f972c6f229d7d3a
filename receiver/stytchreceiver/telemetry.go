package stytchreceiver

import (
	"context"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
)

// cause is what the metrics and the log say about a reason.
type cause struct {
	code int    // usual status code of the answer
	do   string // what to do about it, as in the README's table
	open bool   // whether the log may show the error: it holds nothing of a body, of credentials, or of another component
}

const otherSender = "find what speaks to this address instead of Stytch, or with wrong settings; the answer tells it what and where"

var causes = map[string]cause{
	reasonMethod:        {http.StatusMethodNotAllowed, otherSender, true},
	reasonAuth:          {http.StatusUnauthorized, "compare the sender's credentials with those of `http::auth`; else someone is trying", false},
	reasonForbidden:     {http.StatusForbidden, "compare the sender's user name and its events' projects with `push_for`; else someone is trying", true},
	reasonSignature:     {http.StatusUnauthorized, "compare `webhook::secrets` with the endpoint's signing secret in Stytch's dashboard, and the machine's clock; else someone is trying", true},
	reasonContentType:   {http.StatusBadRequest, otherSender, true},
	reasonEncoding:      {http.StatusBadRequest, otherSender, true},
	reasonTimeout:       {http.StatusRequestTimeout, "look at the network and at proxies before the collector, or raise `http::read_timeout`", true},
	reasonTooLarge:      {http.StatusRequestEntityTooLarge, "let the sender make smaller requests, or raise `http::max_request_body_size`, for webhooks `webhook::max_body_size`", true},
	reasonTooManyEvents: {http.StatusRequestEntityTooLarge, "let the sender make smaller requests, or raise `max_events_per_request`", true},
	reasonMalformed:     {http.StatusBadRequest, otherSender, false},
	reasonBusy:          {http.StatusServiceUnavailable, "raise `max_inflight_bytes`, if the memory allows, or let fewer or smaller requests come at a time; the sender tries again", true},
	reasonUnavailable:   {http.StatusServiceUnavailable, "see why a destination is slow or down, or give its `sending_queue` more room; where the memory limiter refuses, the collector more memory; the sender tries again", true},
	reasonRejected:      {http.StatusBadRequest, "read the log of the pipelines' components: each refuses these events for ever", false},
}

// telemetry counts the requests of one protocol and logs those that are not accepted.
// It is safe for concurrent use.
type telemetry struct {
	builder  *metadata.TelemetryBuilder
	receiver string // id
	protocol string
	errors   *errorLog

	// The attributes of metrics that most requests touch are made once.
	common  []metric.AddOption
	success []metric.AddOption
}

func newTelemetry(set receiver.Settings, builder *metadata.TelemetryBuilder, e endpoint) *telemetry {
	t := &telemetry{builder: builder, receiver: set.ID.String(), protocol: e.name, errors: newErrorLog(set.Logger, e.name)}
	t.common, t.success = t.with(), t.with(attribute.Int("http.response.status_code", e.success))
	t.zero(context.Background())
	return t
}

// with returns the common attributes and attrs. Receiver is the id, as in the metrics
// of receiverhelper.
func (t *telemetry) with(attrs ...attribute.KeyValue) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(append(attrs,
		attribute.String("receiver", t.receiver), attribute.String("protocol", t.protocol))...))}
}

// zero exports every counter at 0: a rate needs the value before the first request.
func (t *telemetry) zero(ctx context.Context) {
	t.builder.ReceiverStytchRequests.Add(ctx, 0, t.success...)
	t.builder.ReceiverStytchMalformedEvents.Add(ctx, 0, t.common...)
	for reason, why := range causes {
		if t.protocol == "webhook" && (reason == reasonAuth || reason == reasonForbidden) || t.protocol != "webhook" && reason == reasonSignature ||
			t.protocol != "loki_push" && reason == reasonContentType {
			continue // never occurs
		}
		t.builder.ReceiverStytchRefusedRequests.Add(ctx, 0, t.with(attribute.String("reason", reason))...)
		t.builder.ReceiverStytchRequests.Add(ctx, 0, t.with(attribute.Int("http.response.status_code", why.code))...)
	}
}

// read counts a body: its bytes as sent and as decompressed.
func (t *telemetry) read(ctx context.Context, wire, size int64) {
	t.builder.ReceiverStytchRequestWireSize.Add(ctx, wire, t.common...)
	t.builder.ReceiverStytchRequestSize.Add(ctx, size, t.common...)
}

// malformed counts n lines that are no JSON object.
func (t *telemetry) malformed(ctx context.Context, n int64) {
	if n > 0 {
		t.builder.ReceiverStytchMalformedEvents.Add(ctx, n, t.common...)
	}
}

func (t *telemetry) succeeded(ctx context.Context) {
	t.builder.ReceiverStytchRequests.Add(ctx, 1, t.success...)
}

func (t *telemetry) failed(ctx context.Context, e *httpError, sender string) {
	t.builder.ReceiverStytchRequests.Add(ctx, 1, t.with(attribute.Int("http.response.status_code", e.code))...)
	t.builder.ReceiverStytchRefusedRequests.Add(ctx, 1, t.with(attribute.String("reason", e.reason))...)
	t.errors.log(e, sender)
}

// errorLog logs the requests of one protocol that are not accepted: the first of each
// reason, then one line a minute while more come.
type errorLog struct {
	logger   *zap.Logger
	protocol string

	mu     sync.Mutex
	counts map[string]*count // by reason
}

type count struct {
	since  int64 // requests since the last line
	logged time.Time
}

// summaryEvery is the time between two lines of the same reason.
const summaryEvery = time.Minute

func newErrorLog(logger *zap.Logger, protocol string) *errorLog {
	return &errorLog{logger: logger, protocol: protocol, counts: make(map[string]*count, len(causes))}
}

// log counts a request, and writes a line if one is due. Sender is an address.
func (l *errorLog) log(e *httpError, sender string) {
	n := l.due(e.reason, time.Now())
	if n == 0 {
		return
	}
	why := causes[e.reason]
	fields := []zap.Field{
		zap.String("protocol", l.protocol), zap.String("reason", e.reason), zap.Int("status_code", e.code),
		zap.Int64("requests", n), zap.String("sender", sender), zap.String("do", why.do),
	}
	if why.open {
		fields = append(fields, zap.Error(e))
	}
	l.logger.Warn("Refused requests", fields...)
}

// due counts a request. It returns how many the next line is about, or 0 if it is too
// early for one.
func (l *errorLog) due(reason string, now time.Time) (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts[reason]
	if c == nil {
		c = new(count)
		l.counts[reason] = c
	}
	c.since++
	if !c.logged.IsZero() && now.Sub(c.logged) < summaryEvery {
		return 0
	}
	n, c.since, c.logged = c.since, 0, now
	return n
}
