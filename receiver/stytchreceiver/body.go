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
)

// bodyLimits bounds the bodies of a protocol.
type bodyLimits struct {
	limit   int64 // bytes, as sent and as decompressed
	pool    *pool // memory for bodies as they are sent
	trusted bool  // senders are authenticated: memory for their Content-Length is reserved at once, see reservedAtOnce
}

// reservedAtOnce is the part of the pool that is reserved for a body of which no byte
// has arrived: an eighth at most, since the sender of a large body may be slow or gone.
// The rest is reserved as the bytes arrive.
const reservedAtOnce = 8

// body is a request's body, in buffers that are used again.
type body struct {
	data []byte // decompressed
	wire int    // bytes as sent

	buffer []byte // what was read or decompressed last
	spare  []byte // see swap
}

var usedBodies = sync.Pool{New: func() any { return new(body) }}

// firstBuffer is the size of a new buffer. keepBuffer is the largest buffer that is kept
// for later requests: one huge request must not occupy its memory for ever. Both in bytes.
const (
	firstBuffer = 16 << 10
	keepBuffer  = 4 << 20
)

// release makes b available to other requests. Nobody may use b or its data after it.
func (b *body) release() {
	b.data, b.wire = nil, 0
	if cap(b.buffer) > keepBuffer {
		b.buffer = nil
	}
	if cap(b.spare) > keepBuffer {
		b.spare = nil
	}
	usedBodies.Put(b)
}

// read returns the body, which the caller releases, or an *httpError. It raises sent to
// the bytes of the body as they arrive, for trusted senders at once. Before it decompresses
// the body, it raises held to the weight of the request while it is parsed.
func (l bodyLimits) read(r *http.Request, f format, sent, held *share) (*body, error) {
	if r.ContentLength > l.limit {
		return nil, l.httpError(errTooLarge)
	}
	if l.trusted {
		if err := sent.raise(min(r.ContentLength, sent.pool.size/reservedAtOnce)); err != nil {
			return nil, err
		}
	}
	b := usedBodies.Get().(*body)
	if err := l.fill(b, r.Body, f, sent, held); err != nil {
		b.release()
		return nil, l.httpError(err)
	}
	return b, nil
}

func (l bodyLimits) fill(b *body, wire io.Reader, f format, sent, held *share) error {
	if f.snappyBlock {
		b.swap()
	}
	if f.encoding != nil {
		b.swap()
	}
	if err := b.readAll(wire, l.limit, sent); err != nil {
		return err
	}
	b.wire = len(b.buffer)
	if f.verify != nil {
		if err := f.verify(b.buffer); err != nil {
			return err
		}
	}
	if f.encoding != nil {
		if err := b.decompress(f.encoding, l.limit, held); err != nil {
			if strings.HasPrefix(err.Error(), f.encoding.name+":") {
				return err
			}
			return fmt.Errorf("%s: %w", f.encoding.name, err)
		}
	}
	if f.snappyBlock {
		if err := b.decompress(snappyBlock, l.limit, held); err != nil {
			return err
		}
	}
	b.data = b.buffer
	return held.renew(parseWeight(int64(len(b.data)), expectedRecords(int64(len(b.data)))))
}

// readAll reads a body into b.buffer. What does not fit there is read in pieces, which are
// joined once the size is known: so a body that is too large takes no more memory than the
// limit, which a doubling buffer would exceed.
func (b *body) readAll(r io.Reader, limit int64, sent *share) error {
	if err := sent.raise(firstBuffer); err != nil {
		return err
	}
	// A body that comes as announced fits, with a byte more to see its end.
	if first := min(max(firstBuffer, sent.held+1), limit+1); int64(cap(b.buffer)) < first {
		b.buffer = make([]byte, 0, first)
	}
	var full [][]byte
	var size int64 // of the full pieces
	piece := b.buffer[:0]
	for {
		n, err := r.Read(piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+n]
		total := size + int64(len(piece))
		if total > limit {
			return errTooLarge
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var next int64
		if len(piece) == cap(piece) { // room for one byte over the limit shows whether there are more
			next = min(total, limit+1-total)
		}
		if err := sent.raise(wholeSteps(total + next)); err != nil {
			return err
		}
		if next > 0 {
			full, size, piece = append(full, piece), total, make([]byte, 0, next)
		}
	}
	if b.buffer = piece; full != nil {
		b.buffer = slices.Concat(append(full, piece)...)
	}
	return nil
}

// wholeSteps rounds n up, so that not every packet raises the share.
func wholeSteps(n int64) int64 { return (n + firstBuffer - 1) / firstBuffer * firstBuffer }

// httpError returns the *httpError of a body that could not be read.
func (l bodyLimits) httpError(err error) error {
	var known *httpError
	var timeout net.Error
	switch {
	case errors.As(err, &known):
		return known
	case tooLarge(err):
		return newHTTPError(reasonTooLarge, fmt.Errorf("the body is larger than %d bytes", l.limit))
	case errors.As(err, &timeout) && timeout.Timeout():
		return newHTTPError(reasonTimeout, errors.New("the body did not arrive in time"))
	default:
		return newHTTPError(reasonEncoding, fmt.Errorf("reading the body: %w", err))
	}
}
