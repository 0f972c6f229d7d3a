package stytchreceiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// bodyReader reads request bodies into buffers that are used again, within
// one limit for the bytes on the wire and for those that they decompress to.
type bodyReader struct {
	limit     int64    // bytes
	encodings []string // allowed Content-Encodings; nil allows all
}

func newBodyReader(limit int64, encodings []string) *bodyReader {
	return &bodyReader{limit: limit, encodings: encodings}
}

// body is a request's body after decompression.
type body struct {
	bytes.Buffer
	wire int64 // bytes on the wire
	gzip gzip.Reader
}

// keepBuffer is the largest buffer that is kept for later, in bytes: one huge
// request must not pin its memory for ever.
const keepBuffer = 4 << 20

var freeBodies = sync.Pool{New: func() any { return new(body) }}

func (b *body) free() {
	if b.Cap() <= keepBuffer {
		b.Reset()
		freeBodies.Put(b)
	}
}

// read returns the body, which the caller frees, or the error to refuse with.
func (br *bodyReader) read(w http.ResponseWriter, r *http.Request) (*body, error) {
	b := freeBodies.Get().(*body)
	if err := br.fill(b, w, r); err != nil {
		b.free()
		return nil, br.classify(err)
	}
	return b, nil
}

func (br *bodyReader) fill(b *body, w http.ResponseWriter, r *http.Request) error {
	encoding := r.Header.Get("Content-Encoding")
	if br.encodings != nil && !slices.Contains(br.encodings, encoding) {
		return fmt.Errorf("Content-Encoding %.40q is not allowed here", encoding)
	}
	wire := counter{Reader: http.MaxBytesReader(w, r.Body, br.limit)}
	var plain io.Reader = &wire
	switch encoding {
	case "":
	case "gzip":
		if err := b.gzip.Reset(&wire); err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		plain = io.LimitReader(&b.gzip, br.limit+1)
	default:
		return fmt.Errorf("Content-Encoding %.40q is not supported", encoding)
	}
	_, err := b.ReadFrom(plain)
	b.wire = wire.n
	switch {
	case err != nil && encoding != "":
		return fmt.Errorf("%s: %w", encoding, err)
	case err != nil:
		return err
	case int64(b.Len()) > br.limit:
		return &http.MaxBytesError{Limit: br.limit}
	default:
		return nil
	}
}

func (br *bodyReader) classify(err error) error {
	var tooLarge *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &tooLarge):
		return &refused{http.StatusRequestEntityTooLarge, fmt.Errorf("the body is larger than %d bytes", br.limit)}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &refused{http.StatusRequestTimeout, errors.New("the body did not arrive in time")}
	default:
		return fmt.Errorf("reading the body: %w", err)
	}
}

// counter counts what was read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
