package httpsend

import (
	"errors"
	"time"

	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// refusal is the error of a request that did not deliver its records, or not all.
type refusal struct {
	error
	code    int // 0 where no answer came
	outcome Outcome
	after   time.Duration // the shortest wait before the next attempt
}

func (r *refusal) Unwrap() error { return r.error }

// wait returns r as the error that makes exporterhelper wait that long.
func (r *refusal) wait(d time.Duration) error {
	r.after = d
	return exporterhelper.NewThrottleRetry(r, d)
}

// codeOf returns the status code that err tells of, or 0.
func codeOf(err error) int {
	var r *refusal
	if errors.As(err, &r) {
		return r.code
	}
	return 0
}
