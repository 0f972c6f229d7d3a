package datadoglogsexporter

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
)

// classify reads the intake's answer: https://docs.datadoghq.com/api/latest/logs/#send-logs.
func classify(code int, body []byte, _ int) httpsend.Result {
	if (code == http.StatusAccepted || code == http.StatusOK) && accepted(body) {
		return httpsend.Result{Outcome: httpsend.Delivered}
	}
	return httpsend.Result{Outcome: httpsend.Classify(code)}
}

// accepted tells whether the body of a 202, or of the 200 that some proxies make
// of it, says that all was taken: it is empty, or a JSON object without errors. A
// login page or an error is not.
func accepted(body []byte) bool {
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return true
	}
	var answer struct {
		Errors json.RawMessage `json:"errors"`
	}
	if body[0] != '{' || json.Unmarshal(body, &answer) != nil {
		return false
	}
	switch string(answer.Errors) {
	case "", "null", "[]", `""`, "{}":
		return true
	}
	return false
}
