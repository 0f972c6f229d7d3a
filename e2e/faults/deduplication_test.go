//go:build e2e

package faults

// The suite runs without `deduplicate`: the sender's retry of a request that one pipeline took and
// another refused, or whose acknowledgement was lost, arrives twice, and is counted. To run it with
// `deduplicate`, set this to true: then no such repeat may arrive while the collector lives.
const deduplicates = false

// deduplication is merged over the gateway example.
var deduplication = map[bool]string{
	false: "",
	true: `
processors:
  stytch/datadog: {deduplicate: {window: 10m, max_events: 500000}}
  stytch/loki: {deduplicate: {window: 10m, max_events: 500000}}
`,
}[deduplicates]
