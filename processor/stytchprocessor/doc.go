// Package stytchprocessor labels Stytch's events and gates them: it sets
// source and service on their resource, and drops them where the stream is
// switched off. One destination has one pipeline with one such processor, so
// that a destination can be switched by itself.
package stytchprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
