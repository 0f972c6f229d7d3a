package stytchreceiver

import (
	"context"
	"net/http"
)

// A protocol is one way to send events: Loki push, events or webhook. A route calls
// its methods in the order in which they stand here. They are safe for concurrent use.
// Their errors are an *httpError or, from a parser, any error: a malformed body.
type protocol interface {
	endpoint() endpoint
	// Authenticate checks a request by its header, before its body is read, and
	// returns the context for the pipelines. It may add headers to the answer.
	Authenticate(answer http.Header, r *http.Request) (context.Context, error)
	// format reads from a request's header how its body is written.
	format(header http.Header) (format, error)
	// writeError writes an answer with the status code and the message.
	writeError(w http.ResponseWriter, code int, message string)
}

// endpoint is where a protocol is served.
type endpoint struct {
	name    string // the value of the attribute protocol, and its key in the configuration
	path    string
	success int // status code of an accepted request
}

// format is how a body is written.
type format struct {
	encoding    *encoding // decompresses the body; nil if it is not compressed
	snappyBlock bool      // whether a snappy block is to be decompressed after that
	parse       parser

	// verify checks the body as it was sent, before memory is reserved for what is made
	// of it. Nil checks nothing.
	verify func(body []byte) error
}

// A parser adds the events of a decompressed body to b. It keeps no reference to
// body. After an error, which names the place in the body, b must not be used.
type parser func(header http.Header, body []byte, b *logsBuilder) error
