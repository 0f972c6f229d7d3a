package stytchreceiver

import (
	"context"
	"errors"
	"net/http"
	"time"

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
	sent       *pool // of bodies as they are sent
	refusals   *refusals
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
	encoding    *encoding // undone first; nil for none
	snappyBlock bool      // undone then
	parse       parser
}

// A parser turns a body into records. It sees the request's header, but never
// the request. Its error refuses the whole body and names the place.
type parser func(header http.Header, body []byte, b *batch) error

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch err := d.receive(w, r); {
	case err == nil:
		w.WriteHeader(d.success)
		d.telemetry.ReceiverStytchRequests.Add(r.Context(), 1, d.taken...)
	case err != errAnswered: //nolint:errorlint // it is never wrapped
		d.refuse(w, r, err)
	}
}

// refuse answers with a refusal, and counts and logs it.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refusal := refusalOf(err)
	if refusal.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	d.writeError(w, refusal.code, refusal.Error())
	d.telemetry.ReceiverStytchRequests.Add(r.Context(), 1, d.measured(attribute.Int("http.response.status_code", refusal.code))...)
	d.telemetry.ReceiverStytchRefusedRequests.Add(r.Context(), 1, d.measured(attribute.String("reason", refusal.reason))...)
	d.refusals.tell(refusal, r.RemoteAddr)
}

// request is a request on its way through the steps, and what it holds.
type request struct {
	*http.Request
	door   *door
	answer http.ResponseWriter
	ctx    context.Context
	sent   share // for the body as it is sent
	held   share // for what is made of it
}

func (d *door) receive(w http.ResponseWriter, r *http.Request) error {
	now := time.Now() // the header has just been read
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
	req := &request{
		Request: r, door: d, answer: w, ctx: ctx, sent: share{pool: d.sent}, held: share{pool: d.budget.records},
	}
	defer req.sent.free()
	defer req.held.free() // not before the pipelines have answered
	b, err := d.parse(req, format, now)
	if err != nil {
		return err
	}
	req.sent.free()
	return d.deliver(req, b, now.Add(d.patience))
}

// refuseBeside answers a request whose handler is still with the pipelines: over
// HTTP/1 the next request takes another connection, over HTTP/2 the stream is
// reset once the answer is sent.
func (req *request) refuseBeside(cause error) {
	req.answer.Header().Set("Connection", "close")
	req.door.refuse(req.answer, req.Request, refuse(http.StatusServiceUnavailable, reasonUnavailable, cause))
	control := http.NewResponseController(req.answer)
	_ = control.Flush() // the sender may have left
	if req.ProtoMajor > 1 {
		_ = control.SetWriteDeadline(time.Now())
	}
}

// parse returns the records of a request. What it holds for its body is given
// back, but for what the records weigh.
func (d *door) parse(req *request, f format, now time.Time) (*batch, error) {
	body, err := d.bodies.read(req.Request, f, &req.sent, &req.held)
	if err != nil {
		return nil, err
	}
	defer body.release() // no record shares its memory
	size := int64(len(body.data))
	d.telemetry.ReceiverStytchRequestWireSize.Add(req.ctx, int64(body.wire), d.attrs...)
	d.telemetry.ReceiverStytchRequestSize.Add(req.ctx, size, d.attrs...)

	expected := expectedRecords(size)
	b, err := d.records(req, f, body.data, now, expected)
	if errors.Is(err, errMoreEvents) { // small ones: again, with room for as many as may be
		most := min(size, int64(d.cfg.MaxEventsPerRequest))
		if err := req.held.renew(parseWeight(size, most)); err != nil {
			return nil, err
		}
		b, err = d.records(req, f, body.data, now, int64(d.cfg.MaxEventsPerRequest))
	}
	if err != nil {
		return nil, err
	}
	if b.malformed > 0 {
		d.telemetry.ReceiverStytchMalformedEvents.Add(req.ctx, int64(b.malformed), d.attrs...)
	}
	req.held.lower(recordsWeight(size, int64(b.weight())))
	return b, nil
}

// records parses a body, for whose records there is so much room.
func (d *door) records(req *request, f format, body []byte, now time.Time, room int64) (*batch, error) {
	b := newBatch(d.promote, d.cfg.MaxEventsPerRequest, now)
	b.version, b.room = d.set.BuildInfo.Version, int(room)
	return b, f.parse(req.Header, body, b)
}

// measured is what gives a measurement its attributes: the receiver's id, as
// receiverhelper's own metrics have it, the door, and those that are passed.
func (d *door) measured(attrs ...attribute.KeyValue) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(append(attrs,
		attribute.String("receiver", d.set.ID.String()), attribute.String("door", d.name))...))}
}
