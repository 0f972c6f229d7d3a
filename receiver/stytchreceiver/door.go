package stytchreceiver

import (
	"context"
	"errors"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// door is one way in. Every request goes through receive's steps in order.
type door struct {
	*stytchReceiver
	name       string
	success    int
	writeError func(w http.ResponseWriter, code int, message string)
	guard      guard
	formatOf   func(header http.Header) (format, error)
	bodies     *bodyReader
	attrs      []metric.AddOption // of what is measured of every request: made once
	taken      []metric.AddOption // of a request that is taken
}

// A guard lets a request in by its header, before the body is read, and
// returns the context to go on with. Answer is the header of a refusal.
type guard interface {
	admit(answer http.Header, r *http.Request) (context.Context, error)
}

// format is what the header of a request tells about its body.
type format struct {
	encoding    string // undone first; "" for none
	snappyBlock bool   // undone then
	parse       parser
}

// A parser turns a body into records. It sees the request's header, but never
// the request. Its error refuses the whole body and names the place.
type parser func(header http.Header, body []byte, b *batch) error

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := d.receive(w, r)
	if err == nil {
		w.WriteHeader(d.success)
		d.telemetry.ReceiverStytchRequests.Add(r.Context(), 1, d.taken...)
		return
	}
	refusal := refusalOf(err)
	if refusal.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	d.writeError(w, refusal.code, refusal.Error())
	d.telemetry.ReceiverStytchRequests.Add(r.Context(), 1, d.measured(attribute.Int("http.response.status_code", refusal.code))...)
	d.telemetry.ReceiverStytchRefusedRequests.Add(r.Context(), 1, d.measured(attribute.String("reason", refusal.reason))...)
}

func (d *door) receive(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, reasonMethod, errors.New("want POST"))
	}
	ctx := r.Context()
	if d.guard != nil {
		var err error
		if ctx, err = d.guard.admit(w.Header(), r); err != nil {
			return err
		}
	}
	format, err := d.formatOf(r.Header)
	if err != nil {
		return err
	}
	body, err := d.bodies.read(r, format)
	if err != nil {
		return err
	}
	d.telemetry.ReceiverStytchRequestWireSize.Add(ctx, body.wire.n, d.attrs...)
	d.telemetry.ReceiverStytchRequestSize.Add(ctx, int64(len(body.data)), d.attrs...)

	b := newBatch(d.promote, d.cfg.MaxEventsPerRequest)
	err = format.parse(r.Header, body.data, b)
	d.bodies.release(body) // no record shares its memory
	if err != nil {
		return err
	}
	d.telemetry.ReceiverStytchMalformedEvents.Add(ctx, int64(b.malformed), d.attrs...)
	return d.deliver(ctx, b)
}

// measured is what gives a measurement its attributes: the receiver's id, as
// receiverhelper's own metrics have it, the door, and those that are passed.
func (d *door) measured(attrs ...attribute.KeyValue) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(append(attrs,
		attribute.String("receiver", d.set.ID.String()), attribute.String("door", d.name))...))}
}
