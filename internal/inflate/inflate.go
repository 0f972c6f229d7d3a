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

// ErrTooLarge is returned if the output has more bytes than the limit.
var ErrTooLarge = errors.New("inflate: the output is larger than the limit")

// MaxRatio is the largest output of one byte of DEFLATE: a match of 258 bytes takes at least
// two bits.
const MaxRatio = 1032

const (
	window     = 32 << 10 // how far back a match may reach
	firstPiece = 4 << 10
)

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// decoder holds the state of one call, and memory for later calls.
type decoder struct {
	in  []byte
	pos int    // of the next byte of in that is not in acc
	acc uint64 // bits that were read, the next one lowest
	n   uint   // how many of them count; those above are bits of in[pos:] or 0

	out   []byte   // may be written up to its length
	w     int      // written bytes of out
	piece int      // start of the bytes in out that follow the full pieces
	full  [][]byte // pieces before out
	begun int      // start of the output in out, negative if it is before out
	limit int      // of the output after begun

	member int    // start of the stream in out, negative if it is before out
	summed int    // out[:summed] is part of sum
	sum    uint32 // CRC-32 of the stream (gzip)

	lit     *litTable
	dist    *distTable
	lengths [litCodes + distCodes]uint8
	own     struct {
		lit    litTable
		dist   distTable
		length lengthTable
	}
}

// Inflate decompresses the DEFLATE stream at the start of src, appends the output to dst,
// and returns the number of bytes of the stream. Limit bounds the appended bytes. No match
// reaches back into dst. With an error it returns the output before the error, except with
// ErrTooLarge. A stream that was flushed but not closed is io.ErrUnexpectedEOF.
func Inflate(dst, src []byte, limit int) (out []byte, consumed int, err error) {
	d := decoders.Get().(*decoder)
	d.start(dst, src, limit, 4*len(src))
	err = d.stream()
	consumed = d.pos
	return d.finish(dst, err), consumed, err
}

// start prepares d with room for a guess of the output, which may be wrong.
func (d *decoder) start(dst, src []byte, limit, guess int) {
	d.in, d.pos = src, 0
	d.limit = max(limit, 0)
	if guess = min(guess, d.limit, MaxRatio*len(src)); guess > cap(dst)-len(dst) {
		dst = append(make([]byte, 0, len(dst)+guess), dst...)
	}
	d.w, d.begun, d.piece = len(dst), len(dst), 0
	d.out = dst[:len(dst)+min(cap(dst)-len(dst), d.limit)]
}

// finish returns the output, and d to the pool.
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

// room makes room for n more bytes, at most a match. Output that does not fit is written in
// pieces, which finish joins: so output that is too large takes no more memory than the
// limit, which a growing buffer would exceed.
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

// checksum adds the written bytes to sum.
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

// take removes n bits from acc. It returns false if there are fewer.
func (d *decoder) take(n uint) (bits int, ok bool) {
	if d.n < n {
		return 0, false
	}
	bits = int(d.acc & (1<<(n&63) - 1))
	d.acc >>= n & 63
	d.n -= n
	return bits, true
}

// align drops the rest of a byte and unreads the bytes that were read ahead.
func (d *decoder) align() {
	d.pos -= int(d.n >> 3)
	d.acc, d.n = 0, 0
}

// corrupt returns an error with about the current place.
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
