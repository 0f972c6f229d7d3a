// Package stytchprocessor labels Stytch's events, gates them and drops
// duplicates: it sets source and service on their resource, drops all of them
// where the stream is switched off, and hands each event on once where
// deduplication is on. One destination has one pipeline with one such processor,
// so that a destination can be switched, and repeated to, by itself.
package stytchprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
