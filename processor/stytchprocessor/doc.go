// Package stytchprocessor labels Stytch's events, drops those of a disabled stream,
// drops duplicates and redacts fields. It sets source and service.name on the resource. If the
// stream is disabled, it acknowledges and drops every event. If deduplication is on,
// it hands each event on once. With redaction, it hides fields of the events. Each destination has a pipeline with a processor of its
// own: its switch and its duplicates are independent of the other destinations.
package stytchprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
