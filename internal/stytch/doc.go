// Package stytch is the event model: which fields of a Stytch event the collector reads,
// what each becomes in OpenTelemetry's log data model, and how events stand in a text.
//
// An event is one JSON object, kept as the text that Stytch wrote. Scan reads the few
// fields that routing needs in one pass and skips the rest. Only members of the root
// count, only with a value of the right type, and the last one of a repeated name, as in
// encoding/json. Stytch writes "" for a field that does not apply, so an empty string
// counts as absent.
package stytch
