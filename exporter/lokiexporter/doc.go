// Package lokiexporter sends logs to Loki's push API:
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs.
//
// A record's body is the line, byte for byte; its timestamp is the entry's, to
// the nanosecond. The encoding is deterministic, so that what is sent twice
// after a failure is the same and Loki stores it once.
package lokiexporter

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
