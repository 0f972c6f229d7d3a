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

// refused is why a request is not taken, and the code that tells so.
type refused struct {
	code   int
	reason string
	err    error
}

func refuse(code int, reason string, err error) error { return &refused{code, reason, err} }

func (e *refused) Error() string { return e.err.Error() }
func (e *refused) Unwrap() error { return e.err }

// refusalOf returns the refusal that err is. What a parser finds wrong without
// saying more is a malformed body.
func refusalOf(err error) *refused {
	var r *refused
	if errors.As(err, &r) {
		return &refused{r.code, r.reason, err} // with the place that was put before it
	}
	return &refused{http.StatusBadRequest, reasonMalformed, err}
}

// The length of each answer is told: one that is sent while its handler goes on has
// no other end.

func plainError(w http.ResponseWriter, code int, message string) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	answer(w, code, "text/plain; charset=utf-8", append([]byte(message), '\n'))
}

func jsonError(w http.ResponseWriter, code int, message string) {
	body, _ := json.Marshal(map[string]string{"error": message}) // strings cannot fail
	answer(w, code, "application/json", append(body, '\n'))
}

func answer(w http.ResponseWriter, code int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body)
}
