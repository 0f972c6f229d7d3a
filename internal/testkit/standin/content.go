package standin

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"

	"github.com/klauspost/compress/zstd"
)

// decoder opens a compressed stream.
type decoder func(io.Reader) (io.Reader, error)

func openGzip(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
func openZlib(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }
func openRaw(r io.Reader) (io.Reader, error)  { return flate.NewReader(r), nil }
func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) // no goroutine to close
}

// readContent reads r's body and undoes its Content-Encoding. Names of encodings are case-sensitive,
// as they are to Loki. More than limit bytes, before or after, is a 413.
func readContent(r *http.Request, limit int64, decoders map[string]decoder) ([]byte, error) {
	body, err := readAtMost(r.Body, limit)
	if err != nil {
		return nil, err
	}
	encoding := r.Header.Get("Content-Encoding")
	open, ok := decoders[encoding]
	switch {
	case !ok:
		return nil, refuse(http.StatusBadRequest, "Content-Encoding %q not supported", encoding)
	case open == nil:
		return body, nil
	}
	compressed := bytes.NewReader(body)
	content, err := open(compressed)
	if err != nil {
		return nil, err
	}
	plain, err := readAtMost(content, limit)
	if err != nil {
		return nil, err
	}
	if compressed.Len() > 0 { // raw deflate and zlib end by themselves
		return nil, refuse(http.StatusBadRequest, "%d bytes after the compressed body", compressed.Len())
	}
	return plain, nil
}

func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = refuse(http.StatusRequestEntityTooLarge, "request body too large, limit: %d bytes", limit)
	}
	return content, err
}
