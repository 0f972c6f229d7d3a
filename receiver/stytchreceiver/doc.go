// Package stytchreceiver takes Stytch's authentication events over HTTP. One
// server has three doors: Loki's push API, to which Stytch's own Loki stream
// can be pointed; webhooks; and a door for plain JSON.
//
// A request goes through the same steps at each door: authentication, before
// a byte of the body is read; the body, decompressed within the limit; the
// door's parser; the pipelines. It is answered with success only after every
// pipeline has taken all of it, and refused whole otherwise.
package stytchreceiver

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
