package httpsend

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/config/configcompression"
)

// Compression returns the Content-Encoding of a setting, "" where there is
// none, and how to encode a payload so. It is false for a setting that is not
// known here.
func Compression(setting configcompression.Type) (contentEncoding string, encode func(dst *bytes.Buffer, payload []byte) error, known bool) {
	switch setting {
	case configcompression.TypeGzip:
		return "gzip", Gzip, true
	case configcompression.TypeZstd:
		return "zstd", Zstd, true
	case "none", "":
		return "", identity, true
	default:
		return "", nil, false
	}
}

// gzipLevel trades CPU for bytes on the wire.
const gzipLevel = gzip.BestSpeed

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
	return w
}}

// Gzip compresses payload into dst.
func Gzip(dst *bytes.Buffer, payload []byte) error {
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(dst)
	if _, err := w.Write(payload); err != nil {
		return err
	}
	return w.Close()
}

// zstdEncoder serves all: its EncodeAll keeps a pool of its own, of as many
// states as there are processors.
var zstdEncoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
})

// Zstd compresses payload into dst.
func Zstd(dst *bytes.Buffer, payload []byte) error {
	encoder, err := zstdEncoder()
	if err != nil {
		return err
	}
	dst.Grow(len(payload) / 8) // JSON events shrink to about a tenth
	_, err = dst.Write(encoder.EncodeAll(payload, dst.AvailableBuffer()))
	return err
}

func identity(dst *bytes.Buffer, payload []byte) error {
	_, err := dst.Write(payload)
	return err
}
