// Package datadoglogsexporter sends logs to Datadog's HTTP intake, v2:
// https://docs.datadoghq.com/api/latest/logs/#send-logs.
//
// A Stytch event arrives as Stytch's own stream would have sent it: its fields
// at the root, untouched, with ddsource, service and ddtags beside them. Any
// other record is sent as a message.
package datadoglogsexporter

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
