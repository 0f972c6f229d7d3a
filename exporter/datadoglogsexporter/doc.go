// Package datadoglogsexporter sends logs to Datadog's HTTP intake, v2:
// https://docs.datadoghq.com/api/latest/logs/#send-logs.
//
// A Stytch event arrives as Stytch's own stream would have sent it: its fields
// at the root, untouched, with ddsource, service and ddtags beside them. A JSON
// object of another service keeps its bytes as well, and gets what it lacks of its
// record. Anything else is sent as a message with its attributes.
//
// Payloads are cut by Datadog's limits while they are encoded, so none is
// estimated and none is too large. What Datadog would cut or hide without a
// word, for its size or its age, is truncated visibly or sent, and counted, or
// dropped and counted, as the configuration says. What an answer means is
// httpsend's to decide.
package datadoglogsexporter

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
