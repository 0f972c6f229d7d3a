// Package guardedstorageextension is a storage extension that stands before another one and makes the
// persistent queue of any exporter of logs safe at a restart: exporterhelper's queue loses what it had
// dispatched where the process is killed while it starts. internal/queuestore has the defect and the
// guard, which the exporters datadog_logs and loki have built in.
package guardedstorageextension

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
