package stytchmanagementextension

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

// envelope is what every answer begins with.
type envelope struct {
	StatusCode int    `json:"status_code"`
	RequestID  string `json:"request_id"`
}

func (e *envelope) seal(status int, id string) { e.StatusCode, e.RequestID = status, id }

// answer is the body of a success: an envelope, alone or embedded.
type answer interface{ seal(status int, id string) }

// problem is the body of every other answer.
type problem struct {
	envelope
	Type    string `json:"error_type"`
	Message string `json:"error_message"`
	URL     string `json:"error_url"`
}

// errorURL is where Stytch explains its errors, by status.
const errorURL = "https://stytch.com/docs/api/errors/"

func newRequestID() string { return "request-id-" + uuid.NewString() }

// writeAnswer answers with 200.
func (e *managementExtension) writeAnswer(w http.ResponseWriter, id string, a answer) {
	a.seal(http.StatusOK, id)
	e.writeJSON(w, http.StatusOK, a)
}

// writeError answers with what a refusal says. Any other error is not for the client.
func (e *managementExtension) writeError(w http.ResponseWriter, id string, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		e.set.Logger.Error("Answering a request", zap.Error(err), zap.String("request_id", id))
		r = &refusal{status: http.StatusInternalServerError, kind: kindInternal, message: "The collector's log says why."}
	}
	switch r.status {
	case http.StatusUnauthorized:
		// Basic is taken too, but not named: a browser that asked for a password and
		// kept it would send it along with what other sites make it request.
		w.Header().Set("WWW-Authenticate", `Bearer realm="stytch_management"`)
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	body := &problem{Type: r.kind, Message: r.message, URL: errorURL + strconv.Itoa(r.status)}
	body.seal(r.status, id)
	e.writeJSON(w, r.status, body)
}

func (e *managementExtension) writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil { // of our own types, none
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
