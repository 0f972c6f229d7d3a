package stytchreceiver

import (
	"net/http"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// events takes plain JSON: an object, an array of objects, or objects on lines of
// their own (NDJSON).
type events struct {
	*extensionAuth
	jsonErrors
	path      string
	encodings []string // http::compression_algorithms
}

func (p *events) endpoint() endpoint { return endpoint{"events", p.path, http.StatusAccepted} }

func (p *events) format(header http.Header) (format, error) {
	encoding, err := encodingOf(header, p.encodings, "gzip", "zstd")
	return format{encoding: encoding, parse: parseEvents}, err
}

func parseEvents(_ http.Header, body []byte, b *logsBuilder) error {
	text := string(body) // one copy, whose memory all events of the request share
	b.stream(nil, 0)
	return stytch.ReadEach(text, func(i int) (int, error) { return b.addObject(text, i) })
}
