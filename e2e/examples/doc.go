// Package examples runs each folder of examples/ on the built collector, between a sender that keeps
// a ledger and a peer that speaks the protocol: S3, Kafka, OTLP, Prometheus. Waits are scaled down by
// overlays; what is killed is killed with SIGKILL.
//
//	make e2e-examples
package examples
