package stytchreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// route serves one protocol. It is safe for concurrent use.
type route struct {
	protocol
	receiver  *stytchReceiver
	bodies    bodyLimits
	success   int // status code
	telemetry *telemetry
}

func newRoute(r *stytchReceiver, p protocol, bodies bodyLimits) *route {
	e := p.endpoint()
	return &route{protocol: p, receiver: r, bodies: bodies, success: e.success, telemetry: newTelemetry(r.set, r.builder, e)}
}

func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch err := rt.serve(w, r); {
	case err == nil:
		w.WriteHeader(rt.success)
		rt.telemetry.succeeded(r.Context())
	case err != errAnswered: //nolint:errorlint // it is never wrapped
		rt.answerError(w, r, err)
	}
}

// answerError answers a request with err, counts it and logs it.
func (rt *route) answerError(w http.ResponseWriter, r *http.Request, err error) {
	e := httpErrorOf(err)
	if e.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	rt.writeError(w, e.code, e.Error())
	rt.telemetry.failed(r.Context(), e, r.RemoteAddr)
}

// retryAfter is when a sender should try again, in seconds: time for a queue to drain
// a little.
const retryAfter = "5"

// request is one request, with the memory that it has reserved.
type request struct {
	*http.Request
	route  *route
	answer http.ResponseWriter
	ctx    context.Context // for the pipelines
	sent   share           // for the body as it is sent
	held   share           // for the decompressed body and its records
}

// serve returns nil if the pipelines have taken all events of the request, and
// errAnswered if the request has its answer already.
func (rt *route) serve(w http.ResponseWriter, r *http.Request) error {
	now := time.Now() // the header has just been read
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return newHTTPError(reasonMethod, errors.New("want POST"))
	}
	ctx, err := rt.Authenticate(w.Header(), r)
	if err != nil {
		return err
	}
	format, err := rt.format(r.Header)
	if err != nil {
		return err
	}
	req := &request{
		Request: r, route: rt, answer: w, ctx: ctx,
		sent: share{pool: rt.bodies.pool}, held: share{pool: rt.receiver.budget.records},
	}
	defer req.sent.free()
	defer req.held.free() // only after the pipelines have answered
	b, err := rt.parse(req, format, now)
	if err != nil {
		return err
	}
	req.sent.free()
	return rt.deliver(req, b, now.Add(rt.receiver.patience))
}

// parse reads the body of a request and returns its records. It leaves in req.held the
// weight of the records.
func (rt *route) parse(req *request, f format, now time.Time) (*logsBuilder, error) {
	body, err := rt.bodies.read(req.Request, f, &req.sent, &req.held)
	if err != nil {
		return nil, err
	}
	defer body.release() // no record shares its memory
	size := int64(len(body.data))
	rt.telemetry.read(req.ctx, int64(body.wire), size)

	expected := expectedRecords(size)
	b, err := rt.build(req, f, body.data, now, expected)
	if errors.Is(err, errMoreEvents) { // many small ones: reserve memory for the most possible and start again
		most := min(size, int64(rt.receiver.cfg.MaxEventsPerRequest))
		if err := req.held.renew(parseWeight(size, most)); err != nil {
			return nil, err
		}
		b, err = rt.build(req, f, body.data, now, int64(rt.receiver.cfg.MaxEventsPerRequest))
	}
	if err != nil {
		return nil, err
	}
	rt.telemetry.malformed(req.ctx, int64(b.malformed))
	req.held.lower(recordsWeight(size, int64(b.weight())))
	return b, nil
}

// build parses a body for which memory for room records is reserved.
func (rt *route) build(req *request, f format, body []byte, now time.Time, room int64) (*logsBuilder, error) {
	b := &logsBuilder{
		Records: stytch.Records{
			Logs: plog.NewLogs(), Version: rt.receiver.set.BuildInfo.Version, Arrived: pcommon.NewTimestampFromTime(now),
		},
		promote: rt.receiver.promote, maxEvents: rt.receiver.cfg.MaxEventsPerRequest, room: int(room),
	}
	if len(rt.receiver.cfg.PushFor) > 0 {
		b.grant = grantIn(req.ctx)
	}
	return b, f.parse(req.Header, body, b)
}

// deliver hands the records to the pipelines. It returns nil if every pipeline has
// taken all of them. It returns errAnswered if they took too long and the sender has
// its answer: the sender repeats the events, even if the pipelines take them later.
func (rt *route) deliver(req *request, b *logsBuilder, deadline time.Time) error {
	if b.events == 0 {
		return nil
	}
	r := rt.receiver
	// Apart from req: a queue in memory keeps the context, and would keep req with it.
	wait := &wait{deadline: deadline, grace: r.grace, request: req}
	wait.begin(req.ctx, &r.waits)
	defer wait.end(&r.waits) // if the pipelines panic
	ctx := r.obsrep.StartLogsOp(wait)
	err := r.next.ConsumeLogs(ctx, b.Logs)
	r.obsrep.EndLogsOp(ctx, rt.telemetry.protocol, b.events, err)
	wait.end(&r.waits)
	switch {
	case wait.answered:
		return errAnswered
	case err == nil:
		return nil
	case wait.cause != nil: // why the pipelines were interrupted says more than their error
		return newHTTPError(reasonUnavailable, fmt.Errorf("%w: %w", wait.cause, err))
	case permanent(err):
		return newHTTPError(reasonRejected, err)
	default:
		return newHTTPError(reasonUnavailable, err)
	}
}

// answerEarly answers 503 to a request whose handler still waits for the pipelines.
// Over HTTP/1 the sender's next request takes another connection; over HTTP/2 the
// stream is reset after the answer.
func (req *request) answerEarly(cause error) {
	req.answer.Header().Set("Connection", "close")
	req.route.answerError(req.answer, req.Request, newHTTPError(reasonUnavailable, cause))
	control := http.NewResponseController(req.answer)
	_ = control.Flush() // the sender may have left
	if req.ProtoMajor > 1 {
		_ = control.SetWriteDeadline(time.Now())
	}
}

// permanent tells whether a retry is useless for every part of err. Pipelines that
// share a request join their errors, and consumererror.IsPermanent is true of a
// joined error if one part is permanent: taken at its word, it would lose the events
// of the other parts.
func permanent(err error) bool {
	if !consumererror.IsPermanent(err) {
		return false
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, part := range joined.Unwrap() {
			if !permanent(part) {
				return false
			}
		}
		return true
	}
	inner := errors.Unwrap(err)
	// If inner is not permanent, err itself marks all of it as permanent.
	return !consumererror.IsPermanent(inner) || permanent(inner)
}
