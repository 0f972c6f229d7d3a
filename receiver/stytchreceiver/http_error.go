package stytchreceiver

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// The values of the attribute reason, as metadata.yaml lists them.
const (
	reasonMethod        = "method"
	reasonAuth          = "auth"
	reasonForbidden     = "forbidden"
	reasonSignature     = "signature"
	reasonContentType   = "content_type"
	reasonEncoding      = "encoding"
	reasonTimeout       = "timeout"
	reasonTooLarge      = "too_large"
	reasonTooManyEvents = "too_many_events"
	reasonMalformed     = "malformed"
	reasonBusy          = "busy"
	reasonUnavailable   = "unavailable"
	reasonRejected      = "rejected"
)

// httpError is why a request is not accepted, and the status code of its answer.
type httpError struct {
	code   int
	reason string
	err    error
}

// newHTTPError returns an *httpError with the usual status code of the reason.
func newHTTPError(reason string, err error) error {
	return &httpError{causes[reason].code, reason, err}
}

func (e *httpError) Error() string { return e.err.Error() }
func (e *httpError) Unwrap() error { return e.err }

// httpErrorOf returns the httpError that err wraps, with the whole text of err. Any
// other error comes from a parser and means a malformed body.
func httpErrorOf(err error) *httpError {
	e := &httpError{http.StatusBadRequest, reasonMalformed, err}
	var wrapped *httpError
	if errors.As(err, &wrapped) {
		e.code, e.reason = wrapped.code, wrapped.reason
	}
	return e
}

// Every answer has a Content-Length: the sender of a request that is answered early
// could not find the answer's end otherwise.

// plainErrors writes errors as text, as Loki does.
type plainErrors struct{}

func (plainErrors) writeError(w http.ResponseWriter, code int, message string) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	answer(w, code, "text/plain; charset=utf-8", append([]byte(message), '\n'))
}

// jsonErrors writes errors as {"error": message}.
type jsonErrors struct{}

func (jsonErrors) writeError(w http.ResponseWriter, code int, message string) {
	body, _ := json.Marshal(map[string]string{"error": message}) // strings cannot fail
	answer(w, code, "application/json", append(body, '\n'))
}

func answer(w http.ResponseWriter, code int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body)
}
