// Package httpsend delivers log records over HTTP: it is the one place that
// decides whether an answer means delivered, retry, wait, split or drop. A
// backend brings its encoding and, where it differs, its reading of an answer.
//
// Nothing sleeps here and nothing is queued here: what was not delivered goes
// back to exporterhelper, which waits and calls again.
package httpsend

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Verdict is what an answer means for the records of its request.
type Verdict uint8

const (
	// Delivered means that the destination has them.
	Delivered Verdict = iota
	// Retry means the same again, after the backoff or the wait that was asked for.
	Retry
	// Hold means nothing stored, and nothing will be until somebody corrects a key,
	// a URL or a setting. The records are kept and tried at the longest interval.
	Hold
	// Split means too large: each half by itself. A single record goes into quarantine.
	Split
	// Isolate means that something in it is refused: each part by itself, down to the
	// record that is refused, which goes into quarantine.
	Isolate
)

// reason is why a single record is dropped that Split or Isolate is the verdict on.
func (v Verdict) reason() string {
	if v == Split {
		return ReasonTooLarge
	}
	return ReasonRejected
}

// Ruling is a verdict with what the answer tells besides.
type Ruling struct {
	Verdict Verdict
	// Lost is what the destination did not store, and never will, of a request
	// whose other records it did. It goes with Delivered.
	Lost []Loss
}

// Loss is how many records were lost for a reason.
type Loss struct {
	Reason  string
	Records int
}

// Judge is the verdict on a status code where the backend's documentation says
// nothing else. RFC 9110 section 15 tells what the codes mean; beyond it, a
// code that blames the address, the credentials or a setting rather than the
// records holds them, because dropping acknowledged events for it would lose
// what a corrected configuration delivers. So does a 2xx: which of them means
// stored is the backend's to say, and any other is a proxy's or a login page.
func Judge(code int) Verdict {
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return Retry
	case code == http.StatusRequestEntityTooLarge:
		return Split
	case code == http.StatusBadRequest, code == http.StatusUnprocessableEntity:
		return Isolate
	default:
		return Hold
	}
}

// maxWait bounds the wait that a destination can ask for: a broken clock or
// header must not stop the stream for days.
const maxWait = time.Hour

// wait returns how long the answer asks the client to wait: Retry-After, in
// seconds or as a date (RFC 9110 section 10.2.3), else X-Ratelimit-Reset in
// seconds (https://docs.datadoghq.com/api/latest/rate-limits/); 0 where
// neither is there.
func wait(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After", "X-Ratelimit-Reset"} {
		value := h.Get(name)
		if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 && !math.IsInf(seconds, 1) {
			return time.Duration(math.Min(seconds, maxWait.Seconds()) * float64(time.Second))
		}
		if date, err := http.ParseTime(value); err == nil && date.After(now) {
			return min(date.Sub(now), maxWait)
		}
	}
	return 0
}
