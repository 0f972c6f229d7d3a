// Package stytchreceiver takes Stytch's authentication events over HTTP. One server
// has three protocols: Loki's push API, to which Stytch's own Loki stream can be
// pointed; plain JSON; and webhooks.
//
// Every protocol has the same steps: authentication, before the body is read; the
// body, decompressed within a limit; the protocol's parser; the pipelines. The answer
// is success only after every pipeline has taken all events of the request. Otherwise
// no event counts as taken, and the answer says why.
package stytchreceiver

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
