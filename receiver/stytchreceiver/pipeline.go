package stytchreceiver

import (
	"context"
	"errors"
	"net/http"

	"go.opentelemetry.io/collector/consumer/consumererror"
)

// deliver hands the records on. It returns nil only after every pipeline has
// taken all of them.
func (d *door) deliver(ctx context.Context, b *batch) error {
	n := b.events
	if n == 0 {
		return nil
	}
	ctx = d.obsrep.StartLogsOp(ctx)
	err := d.next.ConsumeLogs(ctx, b.logs)
	d.obsrep.EndLogsOp(ctx, d.name, n, err)
	switch {
	case err == nil:
		return nil
	case permanent(err):
		return refuse(http.StatusBadRequest, reasonRejected, err)
	default:
		return refuse(http.StatusServiceUnavailable, reasonUnavailable, err)
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
