// Package httpsend delivers log records over HTTP. It alone decides whether an
// answer means delivered, retry, wait, split or drop. A backend brings its encoding
// and its reading of the answers.
//
//	Backend       an exporter's own part: format, encoding, classification, metrics
//	NewLogs       the exporter of a Backend: exporterhelper with its queue around it
//	Sender        posts the payloads of a push and acts on the outcomes
//	quarantine    keeps records that were rejected alone, and sends them again
//
// A push neither sleeps nor queues: what was not delivered goes back to
// exporterhelper, which waits and calls again. Only the quarantine has a queue and
// a timer of its own.
package httpsend
