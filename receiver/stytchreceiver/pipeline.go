package stytchreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
)

// deliver hands the records on. It returns nil only after every pipeline has
// taken all of them, and errAnswered where that took too long for the sender: what
// is taken then comes again when the sender tries again.
func (d *door) deliver(req *request, b *batch, deadline time.Time) error {
	n := b.events
	if n == 0 {
		return nil
	}
	// Apart from req, which a queue in memory would keep with its context.
	wait := &wait{deadline: deadline, heed: d.heed, beside: req}
	wait.begin(req.ctx, &d.waits)
	defer wait.end(&d.waits) // if the pipelines panic
	ctx := d.obsrep.StartLogsOp(wait)
	err := d.next.ConsumeLogs(ctx, b.logs)
	d.obsrep.EndLogsOp(ctx, d.name, n, err)
	wait.end(&d.waits)
	switch {
	case wait.told:
		return errAnswered
	case err == nil:
		return nil
	case wait.cut != nil: // which tells more than what it led to
		return refuse(http.StatusServiceUnavailable, reasonUnavailable, fmt.Errorf("%w: %w", wait.cut, err))
	case permanent(err):
		return refuse(http.StatusBadRequest, reasonRejected, err)
	default:
		return refuse(http.StatusServiceUnavailable, reasonUnavailable, err)
	}
}

// retryAfter is what a sender is asked to wait, in seconds, when a pipeline
// refuses for now: long enough for a queue to drain a little.
const retryAfter = "5"

// defaultWriteTimeout is http::write_timeout where the user has switched it off.
const defaultWriteTimeout = 60 * time.Second

// patienceOf is how long the pipelines may take, from the end of a request's header,
// and how long they may then go on before the sender is answered all the same. A
// tenth of http::write_timeout, but at most 5 s, is for that and for the answer.
func patienceOf(writeTimeout time.Duration) (patience, heed time.Duration) {
	if writeTimeout <= 0 {
		writeTimeout = defaultWriteTimeout
	}
	rest := min(5*time.Second, writeTimeout/10)
	return writeTimeout - rest, min(time.Second, rest/2)
}

// permanent tells whether no part of err can be mended by trying again. Where
// pipelines share a request their errors are joined: consumererror.IsPermanent
// is true of the whole when it is of one part, which would lose the others'.
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
	// Where the inner error is not permanent, err itself says so of all of it.
	return !consumererror.IsPermanent(inner) || permanent(inner)
}
