package stytchmanagementextension

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// refusal is why a call or a change was not carried out, in words for whoever made it.
// It holds no secret.
type refusal struct {
	status     int    // HTTP status
	kind       string // error_type of the API
	message    string
	fields     []fieldError  // with kindInvalid: what to mend
	retryAfter time.Duration // with kindTooMany
}

// fieldError is what is wrong with one field of a stream.
type fieldError struct {
	Field   string // api_key, site, hostname, username, password, destination_type, destination_config or project_id
	Message string // continues the field's name: "must be …"
}

// Kinds of refusals. The first three are Stytch's own names.
const (
	kindUnauthorized = "unauthorized_credentials"
	kindTooMany      = "too_many_requests"
	kindInternal     = "internal_server_error"
	kindInvalid      = "invalid_argument"
	kindConflict     = "event_log_streaming_already_exists"
	kindReadOnly     = "read_only"
	kindForbidden    = "cross_origin_request"
	kindTooLarge     = "request_too_large"
	kindMethod       = "method_not_allowed"
	kindTimeout      = "request_timeout"
	kindNoExporter   = "no_exporter"
	kindNoTLS        = "tls_required"
	kindNotYet       = "not_known_yet"
	kindNoStream     = "event_log_streaming_not_found"
	kindNoProject    = "project_not_found"
	kindNoRoute      = "route_not_found"
)

func (r *refusal) Error() string { return r.message }

// invalid refuses a change for what its fields hold.
func invalid(fields ...fieldError) *refusal {
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = f.Field + ": " + f.Message
	}
	return &refusal{status: http.StatusBadRequest, kind: kindInvalid, message: strings.Join(words, "; "), fields: fields}
}

func noStream(project string, d managed.Destination) *refusal {
	return &refusal{status: http.StatusNotFound, kind: kindNoStream, message: fmt.Sprintf("%s has no stream for %s.", project, d)}
}

var (
	errNothingKnown = &refusal{
		status: http.StatusServiceUnavailable, kind: kindNotYet,
		message: "No stream is known yet: this collector has never reached the one that it follows.",
	}
	errNoTLS = &refusal{
		status: http.StatusForbidden, kind: kindNoTLS,
		message: "The table of streams holds secrets, and is sent only over TLS or to this machine: set http::tls.",
	}
	errConflict = &refusal{
		status: http.StatusConflict, kind: kindConflict,
		message: "The project has a stream for this destination already, with another configuration. Update it, or delete it first.",
	}
	errStorage = &refusal{
		status: http.StatusInternalServerError, kind: kindInternal,
		message: "The change could not be stored, and nothing has changed. The collector's log says why.",
	}
)

// readOnly refuses changes where another extension, at this address, is followed.
func readOnly(leader string) *refusal {
	return &refusal{
		status: http.StatusForbidden, kind: kindReadOnly,
		message: "Streams are not changed here: this collector follows " + leader + ". Make the change there.",
	}
}
