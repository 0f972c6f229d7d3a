package httpsend

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Outcome is what an answer means for the records of its request.
type Outcome uint8

const (
	// Delivered means that the destination has them.
	Delivered Outcome = iota
	// Retry means the same again, after the backoff or the wait that was asked for.
	Retry
	// Hold means nothing stored, and nothing will be until somebody corrects a key,
	// a URL or a setting. The records are kept and tried at the longest interval.
	Hold
	// Split means too large: each half by itself. A single record goes into quarantine.
	Split
	// Bisect means that a record in it is rejected: each part by itself, down to that
	// record, which goes into quarantine.
	Bisect
)

// reason is why a single record is dropped after Split or Bisect.
func (o Outcome) reason() string {
	if o == Split {
		return ReasonTooLarge
	}
	return ReasonRejected
}

// Result is an outcome, with what the answer tells besides.
type Result struct {
	Outcome Outcome
	// Lost is what the destination did not store, and never will, of a request
	// whose other records it did. It goes with Delivered.
	Lost []Loss
}

// Loss is how many records were lost for a reason.
type Loss struct {
	Reason  string
	Records int
}

// Classify returns the outcome of a status code where the backend's documentation
// says nothing else. RFC 9110 section 15 defines the codes. A code that points to
// the address, the credentials or a setting is Hold: the events were acknowledged,
// and a corrected configuration delivers them. A 2xx is Hold, too: the backend knows
// which of them means stored, and any other comes from a proxy or a login page.
func Classify(code int) Outcome {
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return Retry
	case code == http.StatusRequestEntityTooLarge:
		return Split
	case code == http.StatusBadRequest, code == http.StatusUnprocessableEntity:
		return Bisect
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
