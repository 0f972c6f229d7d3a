package stytchreceiver

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"sync"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

// lokiPush is Loki's push API, to which Stytch's own Loki stream can be pointed. Its
// requests and answers are Loki's: https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs.
type lokiPush struct {
	*extensionAuth
	plainErrors
	encodings []string // http::compression_algorithms
}

func (*lokiPush) endpoint() endpoint {
	return endpoint{"loki_push", lokipush.Path, http.StatusNoContent}
}

// format accepts JSON and protobuf. A protobuf body is always a snappy block, with or
// without a Content-Encoding that says so.
func (p *lokiPush) format(header http.Header) (format, error) {
	encoding, err := encodingOf(header, p.encodings, "gzip", "snappy", "deflate", "zstd")
	if err != nil {
		return format{}, err
	}
	f := format{encoding: encoding}
	if encoding == snappyBlock {
		f = format{snappyBlock: true}
	}
	given := header.Get("Content-Type")
	switch mediaType(given) {
	case typeJSON:
		f.parse = parseJSONPush
	case typeProtobuf:
		f.parse, f.snappyBlock = parseProtobufPush, true
	default:
		return f, newHTTPError(reasonContentType,
			fmt.Errorf("Content-Type %.80q is not supported: want application/json or application/x-protobuf", given))
	}
	return f, nil
}

const (
	typeJSON     = "application/json"
	typeProtobuf = "application/x-protobuf"
)

// mediaType returns the type of a Content-Type, or "" if it is not valid. It does not
// parse the two values that nearly every sender writes.
func mediaType(contentType string) string {
	if contentType == typeJSON || contentType == typeProtobuf {
		return contentType
	}
	parsed, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return parsed
}

func parseJSONPush(_ http.Header, body []byte, b *logsBuilder) error {
	return parsePush(body, b, (*lokipush.Request).DecodeJSON)
}

func parseProtobufPush(_ http.Header, body []byte, b *logsBuilder) error {
	return parsePush(body, b, (*lokipush.Request).DecodeProtobuf)
}

var pushes = sync.Pool{New: func() any { return new(lokipush.Request) }}

func parsePush(body []byte, b *logsBuilder, decode func(*lokipush.Request, []byte) error) error {
	push := pushes.Get().(*lokipush.Request)
	defer func() {
		push.Reset()
		pushes.Put(push)
	}()
	push.MaxEntries, push.MaxPairs = b.maxEvents, pairsPerEvent*b.maxEvents
	switch err := decode(push, body); {
	case errors.Is(err, lokipush.ErrNoStreams):
		return &httpError{http.StatusUnprocessableEntity, reasonMalformed, err} // as Loki answers
	case errors.Is(err, lokipush.ErrTooMany):
		return b.tooMany()
	case errors.Is(err, lokipush.ErrTooManyPairs):
		return b.tooManyPairs()
	case err != nil:
		return err
	}
	for i := range push.Streams {
		s := &push.Streams[i]
		b.stream(s.Labels, len(s.Entries))
		for k := range s.Entries {
			if err := b.addEntry(&s.Entries[k]); err != nil {
				return err
			}
		}
	}
	return nil
}
