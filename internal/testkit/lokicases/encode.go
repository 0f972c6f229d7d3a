package lokicases

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
)

// Protobuf returns a push of type application/x-protobuf.
func Protobuf(streams ...push.Stream) []byte {
	plain, err := (&push.PushRequest{Streams: streams}).Marshal()
	if err != nil {
		panic(err) // strings always encode
	}
	return snappy.Encode(nil, plain)
}

// Compress returns the body as the writer that open opens compresses it.
func Compress(body string, open func(io.Writer) io.WriteCloser) string {
	var buffer bytes.Buffer
	writer := open(&buffer)
	io.WriteString(writer, body) //nolint:errcheck // into memory
	writer.Close()
	return buffer.String()
}

// Gzip is what Stytch sends.
func Gzip(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

// Zlib is what HTTP calls deflate.
func Zlib(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }

// RawDeflate is what Loki calls deflate.
func RawDeflate(w io.Writer) io.WriteCloser {
	writer, err := flate.NewWriter(w, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is right
	}
	return writer
}
