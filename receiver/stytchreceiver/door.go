package stytchreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// A parser turns a body into records. It sees the request's header, but never
// the request. Its error refuses the whole body and names the place.
type parser func(header http.Header, body []byte, b *batch) error

// door is one way in. Every request goes through ServeHTTP's steps in order.
type door struct {
	*stytchReceiver
	name       string
	success    int
	writeError func(w http.ResponseWriter, code int, message string)
	guard      *guard
	bodies     *bodyReader
	parse      parser
	attrs      metric.MeasurementOption
}

func (r *stytchReceiver) newDoor(name string, success int, writeError func(http.ResponseWriter, int, string),
	guard *guard, bodies *bodyReader, parse parser,
) *door {
	return &door{
		stytchReceiver: r, name: name, success: success, writeError: writeError,
		guard: guard, bodies: bodies, parse: parse,
		attrs: metric.WithAttributeSet(attribute.NewSet(attribute.String("door", name))),
	}
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code, err := d.receive(w, r)
	if err == nil {
		w.WriteHeader(code)
	} else {
		if code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", retryAfter)
		}
		d.writeError(w, code, err.Error())
	}
	d.telemetry.ReceiverStytchRequests.Add(r.Context(), 1, metric.WithAttributeSet(attribute.NewSet(
		attribute.String("door", d.name), attribute.Int("http.response.status_code", code))))
}

// receive takes a request in and returns the answer's code, with the reason
// where it is a refusal.
func (d *door) receive(w http.ResponseWriter, r *http.Request) (int, error) {
	ctx, err := d.guard.admit(r)
	if err != nil {
		return http.StatusUnauthorized, err
	}
	body, err := d.bodies.read(w, r)
	if err != nil {
		return refusal(err), err
	}
	defer body.free()
	d.telemetry.ReceiverStytchRequestWireSize.Add(ctx, body.wire, d.attrs)
	d.telemetry.ReceiverStytchRequestSize.Add(ctx, int64(body.Len()), d.attrs)

	b := newBatch(d.promote)
	if err := d.parse(r.Header, body.Bytes(), b); err != nil {
		return refusal(err), err
	}
	d.telemetry.ReceiverStytchMalformedEvents.Add(ctx, int64(b.malformed), d.attrs)
	return d.deliver(ctx, b)
}

func (d *door) deliver(ctx context.Context, b *batch) (int, error) {
	n := b.logs.LogRecordCount()
	if n == 0 {
		return d.success, nil
	}
	ctx = d.obsrep.StartLogsOp(ctx)
	err := d.next.ConsumeLogs(ctx, b.logs)
	d.obsrep.EndLogsOp(ctx, d.name, n, err)
	switch {
	case err == nil:
		return d.success, nil
	case permanent(err):
		return http.StatusBadRequest, err
	default:
		return http.StatusServiceUnavailable, err
	}
}

// retryAfter is what a sender is asked to wait, in seconds, when a pipeline
// refuses for now: long enough for a queue to drain a little.
const retryAfter = "5"

// permanent tells whether no part of err can be mended by trying again. Where
// pipelines share a request their errors are joined: consumererror.IsPermanent
// is true of the whole when it is of one part, which would lose the others'.
func permanent(err error) bool {
	if !consumererror.IsPermanent(err) {
		return false
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			for _, part := range joined.Unwrap() {
				if !permanent(part) {
					return false
				}
			}
			return true
		}
	}
	return true
}

// refused is a body that can never be taken, with the code that tells so.
type refused struct {
	code int
	err  error
}

func (e *refused) Error() string { return e.err.Error() }
func (e *refused) Unwrap() error { return e.err }

// refusal is the code for an error of the body or of its parser.
func refusal(err error) int {
	var r *refused
	if errors.As(err, &r) {
		return r.code
	}
	return http.StatusBadRequest
}

func plainError(w http.ResponseWriter, code int, message string) {
	http.Error(w, message, code)
}

func jsonError(w http.ResponseWriter, code int, message string) {
	body, _ := json.Marshal(map[string]string{"error": message}) // strings cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body)
}
