package lokiexporter

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/klauspost/compress/s2"
	"go.opentelemetry.io/collector/config/configcompression"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
)

// Encoding is how a request is encoded.
type Encoding string

const (
	encodingJSON     Encoding = "json"
	encodingProtobuf Encoding = "protobuf"
)

// wire is how a request goes over the wire.
type wire struct {
	lokipush.Encoding
	contentEncoding string
	compress        func(dst *bytes.Buffer, payload []byte) error
}

// wire is chosen by `encoding` and `compression`. What else confighttp could
// compress with is not read by Loki, or, as deflate, read as something else.
func (cfg *Config) wire() (wire, error) {
	compression := cfg.ClientConfig.Compression
	switch {
	case cfg.Encoding == encodingJSON && (compression == "" || compression == configcompression.TypeGzip || compression == "none"):
		contentEncoding, compress, _ := httpsend.Compression(cmp.Or(compression, configcompression.TypeGzip))
		return wire{lokipush.JSON, contentEncoding, compress}, nil
	case cfg.Encoding == encodingJSON:
		return wire{}, fmt.Errorf("compression: must be gzip or none with the encoding json, got %q", compression)
	case cfg.Encoding == encodingProtobuf && (compression == "" || compression == configcompression.TypeSnappy):
		return wire{lokipush.Protobuf, "snappy", snappy}, nil
	case cfg.Encoding == encodingProtobuf:
		return wire{}, fmt.Errorf("compression: must be snappy, or not set, with the encoding protobuf, of which it is a part, got %q", compression)
	default:
		return wire{}, fmt.Errorf("encoding: must be json or protobuf, got %q", cfg.Encoding)
	}
}

// snappy appends one block.
func snappy(dst *bytes.Buffer, payload []byte) error {
	most := s2.MaxEncodedLen(len(payload))
	if most < 0 {
		return s2.ErrTooLarge
	}
	dst.Grow(most)
	dst.Write(s2.EncodeSnappy(dst.AvailableBuffer()[:most], payload))
	return nil
}
