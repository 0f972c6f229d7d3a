package stytchreceiver

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"sync"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

// lokiFormat tells how a push to Loki is written. Its snappy block belongs to
// protobuf; Content-Encoding: snappy only says so once more.
func lokiFormat(header http.Header) (format, error) {
	given := header.Get("Content-Encoding")
	if given != "" {
		if err := supported(given, "gzip", "snappy", "deflate", "zstd"); err != nil {
			return format{}, refuse(http.StatusBadRequest, reasonEncoding, err)
		}
	}
	f := format{encoding: encodings[given], snappyBlock: given == "snappy"}
	given = header.Get("Content-Type")
	switch mediaType(given) {
	case typeJSON:
		f.parse = parseJSONPush
	case typeProtobuf:
		f.parse, f.snappyBlock = parseProtobufPush, true
	default:
		return f, refuse(http.StatusBadRequest, reasonContentType,
			fmt.Errorf("Content-Type %.80q is not supported: want application/json or application/x-protobuf", given))
	}
	return f, nil
}

const (
	typeJSON     = "application/json"
	typeProtobuf = "application/x-protobuf"
)

// mediaType returns the type in a Content-Type, "" where it cannot be read. What
// nearly every sender writes costs nothing.
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

func parseJSONPush(_ http.Header, body []byte, b *batch) error {
	return b.push(body, (*lokipush.Request).DecodeJSON)
}

func parseProtobufPush(_ http.Header, body []byte, b *batch) error {
	return b.push(body, (*lokipush.Request).DecodeProtobuf)
}

var pushes = sync.Pool{New: func() any { return new(lokipush.Request) }}

// push adds the entries of a push.
func (b *batch) push(body []byte, decode func(*lokipush.Request, []byte) error) error {
	push := pushes.Get().(*lokipush.Request)
	defer func() {
		push.Reset()
		pushes.Put(push)
	}()
	push.MaxEntries, push.MaxPairs = b.maxEvents, pairsPerEvent*b.maxEvents
	switch err := decode(push, body); {
	case errors.Is(err, lokipush.ErrNoStreams):
		return refuse(http.StatusUnprocessableEntity, reasonMalformed, err)
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
			if err := b.line(&s.Entries[k]); err != nil {
				return err
			}
		}
	}
	return nil
}
