package stytch

// ScopeName is the instrumentation scope of the records that the stytch receiver makes,
// as collector receivers name theirs, and of those of the stytch_encoding extension: the
// sign of a Stytch event, which survives OTLP and Kafka. A JSON text under another scope
// is another service's.
const ScopeName = "github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver"

// What the processor sets on the resource, and the values that Stytch's own
// streams carry: https://stytch.com/docs/workspace-management/event-log-streaming.
const (
	AttrSource      = "source"
	AttrServiceName = "service.name" // OpenTelemetry semantic convention

	DefaultSource  = "stytch"
	DefaultService = "stytch.auth"
)

// The same two as Loki stream labels.
const (
	LabelSource      = "source"
	LabelServiceName = "service_name"
)

// Other resource attributes.
const (
	AttrProjectID   = "stytch.project_id"
	AttrEnvironment = "deployment.environment.name" // OpenTelemetry semantic convention; live or test
)

// Record attributes, each set only where the event has the field.
const (
	AttrEventID    = "stytch.event_id"
	AttrAction     = "stytch.action"
	AttrStatus     = "stytch.status"
	AttrRequestID  = "stytch.request_id"
	AttrStatusCode = "http.response.status_code" // OpenTelemetry semantic convention
	AttrWebhookID  = "stytch.webhook_id"

	// AttrPrefix makes the attribute's name of a promoted field.
	AttrPrefix = "stytch."
)
