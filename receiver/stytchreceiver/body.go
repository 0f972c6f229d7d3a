package stytchreceiver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/otelcol-stytch/otelcol-stytch/internal/inflate"
)

// bodyReader reads request bodies into buffers that are used again. One limit
// holds for the bytes on the wire, as confighttp sees to, and for those that
// they decompress to: a body holds no more memory than twice the limit at a time.
type bodyReader struct {
	limit     int64    // bytes
	encodings []string // allowed Content-Encodings; empty allows all
	free      sync.Pool
}

func newBodyReader(limit int64, encodings []string) *bodyReader {
	return &bodyReader{limit: limit, encodings: encodings, free: sync.Pool{New: func() any { return new(body) }}}
}

// body is a request's body.
type body struct {
	data []byte  // after decompression
	wire counter // of the bytes on the wire

	buffer []byte // holds what was read last, or what that decompressed to
	spare  []byte // the other of the two: see swap
	zstd   zstdReader
}

// firstBuffer is what a body is first read into; keepBuffer is the largest
// buffer that is kept for later: one huge request must not pin its memory for
// ever. Both in bytes.
const (
	firstBuffer = 64 << 10
	keepBuffer  = 4 << 20
)

// release makes b available to other requests.
func (br *bodyReader) release(b *body) {
	b.data, b.wire = nil, counter{}
	if cap(b.buffer) > keepBuffer {
		b.buffer = nil
	}
	if cap(b.spare) > keepBuffer {
		b.spare = nil
	}
	b.zstd.detach()
	br.free.Put(b)
}

// read returns the body, which is to be released, or the refusal.
func (br *bodyReader) read(r *http.Request, f format) (*body, error) {
	if given := r.Header.Get("Content-Encoding"); len(br.encodings) > 0 && !slices.Contains(br.encodings, given) {
		return nil, refuse(http.StatusBadRequest, reasonEncoding, fmt.Errorf("Content-Encoding %.40q is not among http::compression_algorithms", given))
	}
	b := br.free.Get().(*body)
	b.wire.Reader = r.Body
	if err := br.fill(b, f); err != nil {
		br.release(b)
		return nil, br.refusal(err)
	}
	return b, nil
}

func (br *bodyReader) fill(b *body, f format) error {
	if f.snappyBlock {
		b.swap()
	}
	err := b.readEncoded(f.encoding, &b.wire, br.limit)
	if err != nil && f.encoding != "" && !strings.HasPrefix(err.Error(), f.encoding+":") {
		err = fmt.Errorf("%s: %w", f.encoding, err)
	}
	if err == nil && f.snappyBlock {
		err = b.decompress(unsnap, br.limit)
	}
	b.data = b.buffer
	return err
}

// readAll reads into b.buffer. What does not fit is read in pieces that are
// joined at the end, when the size is known: what turns out to be too large has
// cost no more memory than the limit, which doubling one buffer would exceed.
func (b *body) readAll(r io.Reader, limit int64) error {
	if b.buffer == nil {
		b.buffer = make([]byte, 0, min(firstBuffer, limit+1))
	}
	var full [][]byte
	var size int64 // of the full pieces
	piece := b.buffer[:0]
	for {
		n, err := r.Read(piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+n]
		if size+int64(len(piece)) > limit {
			return &http.MaxBytesError{Limit: limit}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(piece) == cap(piece) {
			full, size = append(full, piece), size+int64(len(piece))
			// One byte over the limit tells that there is more.
			piece = make([]byte, 0, min(size, limit+1-size))
		}
	}
	if b.buffer = piece; full != nil {
		b.buffer = slices.Concat(append(full, piece)...)
	}
	return nil
}

// refusal is the answer to a body that could not be read.
func (br *bodyReader) refusal(err error) error {
	var tooLarge *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, inflate.ErrTooLarge):
		return refuse(http.StatusRequestEntityTooLarge, reasonTooLarge, fmt.Errorf("the body is larger than %d bytes", br.limit))
	case windowExceeded(err):
		return refuse(http.StatusRequestEntityTooLarge, reasonTooLarge, fmt.Errorf("the window of the zstd stream is larger than %d bytes", maxWindow))
	case errors.As(err, &timeout) && timeout.Timeout():
		return refuse(http.StatusRequestTimeout, reasonTimeout, errors.New("the body did not arrive in time"))
	default:
		return refuse(http.StatusBadRequest, reasonEncoding, fmt.Errorf("reading the body: %w", err))
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
