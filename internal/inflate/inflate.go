// Package inflate decompresses DEFLATE (RFC 1951), zlib (RFC 1950) and gzip (RFC
// 1952) that are wholly in memory into memory. What was written serves as the
// window, so that nothing is copied twice, as it is behind an io.Reader.
//
// What is valid is what compress/flate, compress/zlib and compress/gzip take, whose
// errors are returned. Sizes and limits are bytes.
package inflate

import (
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"sync"
)

// ErrTooLarge is an output of more bytes than the limit.
var ErrTooLarge = errors.New("inflate: the output is larger than the limit")

// MaxRatio is the most that DEFLATE makes of a byte: a match of 258 bytes takes at
// least two bits.
const MaxRatio = 1032

const (
	window     = 32 << 10 // how far back a match may reach
	firstPiece = 4 << 10
)

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// decoder is the state of one call, and memory that the next one uses again.
type decoder struct {
	in  []byte
	pos int    // of the next byte of in that is not in acc
	acc uint64 // bits that were read, the next one lowest
	n   uint   // how many of them count; those above are bits of in[pos:] or 0

	out   []byte // may be written up to its length
	w     int    // how much of it is
	piece int    // where in out begins what follows the full pieces
	full  [][]byte
	begun int // where the output began, less than 0 if before out
	limit int // of what follows begun

	member int    // where the stream began, less than 0 if before out
	summed int    // up to where out is in sum
	sum    uint32 // CRC-32 of the stream, of gzip

	lit     *litTable
	dist    *distTable
	lengths [litCodes + distCodes]uint8
	own     struct {
		lit    litTable
		dist   distTable
		length lengthTable
	}
}

// Inflate appends to dst what the DEFLATE stream at the start of src
// decompresses to, and tells how many bytes the stream takes. It does not reach
// back into dst. What came before an error is returned with it, but for
// ErrTooLarge; a stream that was flushed but not closed is io.ErrUnexpectedEOF.
func Inflate(dst, src []byte, limit int) (out []byte, consumed int, err error) {
	d := decoders.Get().(*decoder)
	d.start(dst, src, limit, 4*len(src))
	err = d.stream()
	consumed = d.pos
	return d.finish(dst, err), consumed, err
}

// start begins with room for at least a guess of the output, which it does not
// trust.
func (d *decoder) start(dst, src []byte, limit, guess int) {
	d.in, d.pos = src, 0
	d.limit = max(limit, 0)
	if guess = min(guess, d.limit, MaxRatio*len(src)); guess > cap(dst)-len(dst) {
		dst = append(make([]byte, 0, len(dst)+guess), dst...)
	}
	d.w, d.begun, d.piece = len(dst), len(dst), 0
	d.out = dst[:len(dst)+min(cap(dst)-len(dst), d.limit)]
}

// finish returns the output, and the decoder to the others.
func (d *decoder) finish(dst []byte, err error) []byte {
	switch {
	case errors.Is(err, ErrTooLarge): // joining it would cost as much again
	case d.full == nil:
		dst = d.out[:d.w]
	default:
		dst = slices.Concat(append(d.full, d.out[d.piece:d.w])...)
	}
	d.in, d.out, d.full = nil, nil, nil
	decoders.Put(d)
	return dst
}

// room makes room for n more bytes, at most a match. Output that does not fit
// is written in pieces that finish joins: what turns out to be too large has
// cost no more memory than the limit, which a buffer that grows would exceed.
func (d *decoder) room(n int) error {
	if n <= len(d.out)-d.w {
		return nil
	}
	size := d.w - d.begun
	left := d.limit - size
	if n > left {
		return ErrTooLarge
	}
	d.checksum()
	d.full = append(d.full, d.out[d.piece:d.w])
	kept := d.out[max(0, d.w-window):d.w]
	out := make([]byte, len(kept)+min(left, max(size, firstPiece)))
	copy(out, kept)
	moved := d.w - len(kept)
	d.out, d.piece = out, len(kept)
	d.w -= moved
	d.begun -= moved
	d.member -= moved
	d.summed -= moved
	return nil
}

// checksum brings sum up to what is written.
func (d *decoder) checksum() {
	d.sum = crc32.Update(d.sum, crc32.IEEETable, d.out[d.summed:d.w])
	d.summed = d.w
}

// refill provides at least 56 bits, or all that are left.
func (d *decoder) refill() {
	if d.pos+8 <= len(d.in) {
		d.acc |= binary.LittleEndian.Uint64(d.in[d.pos:]) << (d.n & 63)
		d.pos += int(63-d.n) >> 3
		d.n |= 56
		return
	}
	for d.n < 56 && d.pos < len(d.in) {
		d.acc |= uint64(d.in[d.pos]) << (d.n & 63)
		d.pos++
		d.n += 8
	}
}

// take takes bits that refill has provided, and tells whether it could.
func (d *decoder) take(n uint) (bits int, ok bool) {
	if d.n < n {
		return 0, false
	}
	bits = int(d.acc & (1<<(n&63) - 1))
	d.acc >>= n & 63
	d.n -= n
	return bits, true
}

// align drops the rest of a byte and gives back the bytes that were read ahead.
func (d *decoder) align() {
	d.pos -= int(d.n >> 3)
	d.acc, d.n = 0, 0
}

// corrupt is an error near the place that was reached.
func (d *decoder) corrupt() error {
	return flate.CorruptInputError(d.pos - int(d.n>>3))
}

// stream decompresses a DEFLATE stream.
func (d *decoder) stream() error {
	d.acc, d.n = 0, 0
	d.member, d.summed, d.sum = d.w, d.w, 0
	for {
		d.refill()
		head, ok := d.take(3)
		if !ok {
			return io.ErrUnexpectedEOF
		}
		if err := d.block(head >> 1); err != nil {
			return err
		}
		if head&1 != 0 {
			d.align()
			return nil
		}
	}
}
