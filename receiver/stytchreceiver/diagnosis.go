package stytchreceiver

import (
	"context"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/zap"
)

// cause is what metrics and log tell of a reason for which requests are refused.
type cause struct {
	code int
	do   string // what to do about it, as in the README's table
	// open tells that the log may show the error: it holds nothing of a body, of
	// credentials, or of another component's.
	open bool
}

var causes = map[string]cause{
	reasonMethod:        {http.StatusMethodNotAllowed, "find what speaks to this address instead of Stytch, or with wrong settings; the answer tells it what and where", true},
	reasonAuth:          {http.StatusUnauthorized, "compare the sender's credentials with those of `http::auth`; else someone is trying", false},
	reasonSignature:     {http.StatusUnauthorized, "compare `webhook::secrets` with the endpoint's signing secret in Stytch's dashboard, and the machine's clock; else someone is trying", true},
	reasonContentType:   {http.StatusBadRequest, "find what speaks to this address instead of Stytch, or with wrong settings; the answer tells it what and where", true},
	reasonEncoding:      {http.StatusBadRequest, "find what speaks to this address instead of Stytch, or with wrong settings; the answer tells it what and where", true},
	reasonTimeout:       {http.StatusRequestTimeout, "look at the network and at proxies before the collector, or raise `http::read_timeout`", true},
	reasonTooLarge:      {http.StatusRequestEntityTooLarge, "let the sender make smaller requests, or raise `http::max_request_body_size`, for webhooks `webhook::max_body_size`", true},
	reasonTooManyEvents: {http.StatusRequestEntityTooLarge, "let the sender make smaller requests, or raise `max_events_per_request`", true},
	reasonMalformed:     {http.StatusBadRequest, "find what speaks to this address instead of Stytch, or with wrong settings; the answer tells it what and where", false},
	reasonBusy:          {http.StatusServiceUnavailable, "raise `max_inflight_bytes`, if the memory allows, or let fewer or smaller requests come at a time; the sender tries again", true},
	reasonUnavailable:   {http.StatusServiceUnavailable, "see why a destination is slow or down, or give its `sending_queue` more room; where the memory limiter refuses, the collector more memory; the sender tries again", true},
	reasonRejected:      {http.StatusBadRequest, "read the log of the pipelines' components: each refuses these events for ever", false},
}

// summaryEvery is how often a reason is logged while requests are refused for it.
const summaryEvery = time.Minute

// refusals logs the refused requests of one protocol: for each reason the first,
// then one line a minute while they go on.
type refusals struct {
	logger   *zap.Logger
	protocol string

	mu     sync.Mutex
	counts map[string]*count // by reason: no more than there are causes
}

type count struct {
	since  int64 // requests since the last line
	logged time.Time
}

func newRefusals(logger *zap.Logger, protocol string) *refusals {
	return &refusals{logger: logger, protocol: protocol, counts: make(map[string]*count, len(causes))}
}

// tell counts a refused request of the sender at peer.
func (r *refusals) tell(refusal *refused, peer string) {
	n := r.due(refusal.reason, time.Now())
	if n == 0 {
		return
	}
	why := causes[refusal.reason]
	fields := []zap.Field{
		zap.String("protocol", r.protocol), zap.String("reason", refusal.reason), zap.Int("status_code", refusal.code),
		zap.Int64("requests", n), zap.String("sender", peer), zap.String("do", why.do),
	}
	if why.open {
		fields = append(fields, zap.Error(refusal))
	}
	r.logger.Warn("Refused requests", fields...)
}

// due returns how many requests the next line is about, or 0 if it is too early.
func (r *refusals) due(reason string, now time.Time) (n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts[reason]
	if c == nil {
		c = new(count)
		r.counts[reason] = c
	}
	c.since++
	if !c.logged.IsZero() && now.Sub(c.logged) < summaryEvery {
		return 0
	}
	n, c.since, c.logged = c.since, 0, now
	return n
}

// zero exports the door's counters before they count anything: a rate needs the
// value before the first request.
func (d *door) zero(ctx context.Context) {
	d.telemetry.ReceiverStytchRequests.Add(ctx, 0, d.taken...)
	d.telemetry.ReceiverStytchMalformedEvents.Add(ctx, 0, d.attrs...)
	for reason, why := range causes {
		if d.name == "webhook" && reason == reasonAuth || d.name != "webhook" && reason == reasonSignature ||
			d.name != "loki_push" && reason == reasonContentType {
			continue // never
		}
		d.telemetry.ReceiverStytchRefusedRequests.Add(ctx, 0, d.measured(attribute.String("reason", reason))...)
		d.telemetry.ReceiverStytchRequests.Add(ctx, 0, d.measured(attribute.Int("http.response.status_code", why.code))...)
	}
}
