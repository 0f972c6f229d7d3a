// Package stytchencodingextension is an encoding of Stytch's events for the components
// that take an encoding extension: it makes log records of a text of events, the same as
// the stytch receiver makes of it, and writes the events of log records as lines.
package stytchencodingextension

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
