//go:build e2e

// Package managed runs the examples of managed streams on the built binary, with clients that speak
// as Stytch's own do.
package managed
