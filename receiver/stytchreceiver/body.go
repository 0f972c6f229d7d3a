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

// bodyReader reads request bodies into buffers that are used again. One limit
// holds for the bytes on the wire and for those that they decompress to.
type bodyReader struct {
	limit     int64    // bytes
	encodings []string // allowed Content-Encodings; empty allows all
	trusted   bool     // the senders, who have authenticated themselves: their Content-Length is set aside at once, see mostSetAside
}

// mostSetAside is the part of the pool that is set aside for a body of which nothing
// has come: the sender of a large one may be slow, or gone. What is larger than an
// eighth is set aside as it comes.
const mostSetAside = 8

// body is a request's body.
type body struct {
	data []byte // after decompression
	wire int    // bytes on the wire

	buffer []byte // holds what was read last, or what that decompressed to
	spare  []byte // the other of the two: see swap
}

var usedBodies = sync.Pool{New: func() any { return new(body) }}

// firstBuffer is what a body is first read into; keepBuffer is the largest
// buffer that is kept for later: one huge request must not pin its memory for
// ever. Both in bytes.
const (
	firstBuffer = 16 << 10
	keepBuffer  = 4 << 20
)

// release makes b available to other requests.
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

// read returns the body, which is to be released, or the refusal. It raises sent to
// the bytes on the wire, of strangers as they come, and held to what the request weighs
// while it is parsed, before anything is decompressed.
func (br *bodyReader) read(r *http.Request, f format, sent, held *share) (*body, error) {
	if given := r.Header.Get("Content-Encoding"); len(br.encodings) > 0 && !slices.Contains(br.encodings, given) {
		return nil, refuse(http.StatusBadRequest, reasonEncoding, fmt.Errorf("Content-Encoding %.40q is not among http::compression_algorithms", given))
	}
	if r.ContentLength > br.limit {
		return nil, br.refusal(errTooLarge)
	}
	if br.trusted {
		if err := sent.raise(min(r.ContentLength, sent.pool.size/mostSetAside)); err != nil {
			return nil, err
		}
	}
	b := usedBodies.Get().(*body)
	if err := br.fill(b, r.Body, f, sent, held); err != nil {
		b.release()
		return nil, br.refusal(err)
	}
	return b, nil
}

func (br *bodyReader) fill(b *body, wire io.Reader, f format, sent, held *share) error {
	if f.snappyBlock {
		b.swap()
	}
	if f.encoding != nil {
		b.swap()
	}
	if err := b.readAll(wire, br.limit, sent); err != nil {
		return err
	}
	b.wire = len(b.buffer)
	if f.encoding != nil {
		if err := b.decompress(f.encoding, br.limit, held); err != nil {
			if strings.HasPrefix(err.Error(), f.encoding.name+":") {
				return err
			}
			return fmt.Errorf("%s: %w", f.encoding.name, err)
		}
	}
	if f.snappyBlock {
		if err := b.decompress(snappyBlock, br.limit, held); err != nil {
			return err
		}
	}
	b.data = b.buffer
	return held.renew(parseWeight(int64(len(b.data)), expectedRecords(int64(len(b.data)))))
}

// readAll reads into b.buffer. What does not fit is read in pieces that are
// joined at the end, when the size is known: what turns out to be too large has
// cost no more memory than the limit, which doubling one buffer would exceed.
func (b *body) readAll(r io.Reader, limit int64, sent *share) error {
	if err := sent.raise(firstBuffer); err != nil {
		return err
	}
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
			return errTooLarge
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(piece) < cap(piece) {
			if err := sent.raise(wholeSteps(size + int64(len(piece)))); err != nil { // of a used buffer
				return err
			}
			continue
		}
		full, size = append(full, piece), size+int64(len(piece))
		// One byte over the limit tells that there is more.
		next := min(size, limit+1-size)
		if err := sent.raise(wholeSteps(size + next)); err != nil {
			return err
		}
		piece = make([]byte, 0, next)
	}
	if b.buffer = piece; full != nil {
		b.buffer = slices.Concat(append(full, piece)...)
	}
	return nil
}

// wholeSteps rounds n up, so that a body's share is not raised at each packet.
func wholeSteps(n int64) int64 { return (n + firstBuffer - 1) / firstBuffer * firstBuffer }

// refusal is the answer to a body that could not be read.
func (br *bodyReader) refusal(err error) error {
	var refusal *refused
	var timeout net.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case tooLarge(err):
		return refuse(http.StatusRequestEntityTooLarge, reasonTooLarge, fmt.Errorf("the body is larger than %d bytes", br.limit))
	case errors.As(err, &timeout) && timeout.Timeout():
		return refuse(http.StatusRequestTimeout, reasonTimeout, errors.New("the body did not arrive in time"))
	default:
		return refuse(http.StatusBadRequest, reasonEncoding, fmt.Errorf("reading the body: %w", err))
	}
}
