package payload

import (
	"errors"
	"fmt"
	"io"

	"github.com/otelcol-stytch/otelcol-stytch/internal/inflate"
)

// block is records of one stream, encoded one after another with separators
// between them. A block is immutable.
type block struct {
	stream  string
	records []Record
	data    []byte
	size    int     // before packing, separators included, in bytes
	packing packing // of data
	sum     uint32  // CRC-32 (IEEE) before packing, where packing is deflated
}

// appendPlain appends the records unpacked.
func (b *block) appendPlain(dst []byte) (_ []byte, err error) {
	begin := len(dst)
	switch b.packing {
	case plain:
		dst = append(dst, b.data...)
	case deflated:
		// The blocks are complete, but none of them is the last.
		if dst, _, err = inflate.Inflate(dst, b.data, b.size); errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
	case snappied:
		dst, err = unpackSnappy(dst, b.data, b.size)
	}
	if err == nil && len(dst)-begin != b.size {
		err = fmt.Errorf("%d bytes, want %d", len(dst)-begin, b.size)
	}
	if err != nil {
		return dst[:begin], fmt.Errorf("unpacking queued records: %w", err)
	}
	return dst, nil
}

// span returns where the records from lo up to hi begin in the unpacked block, and
// how many bytes they are. Separator is the length of the format's.
func (b *block) span(separator, lo, hi int) (begin, size int) {
	for i := range b.records[:hi] {
		switch {
		case i < lo:
			begin += int(b.records[i].Size) + separator
		case i > lo:
			size += separator
			fallthrough
		default:
			size += int(b.records[i].Size)
		}
	}
	return begin, size
}

// part returns the records of b from lo up to hi, unpacked unless they are all of b.
func (b *block) part(separator, lo, hi int) (block, error) {
	if lo == 0 && hi == len(b.records) {
		return *b, nil
	}
	data := b.data
	if b.packing != plain {
		var err error
		if data, err = b.appendPlain(nil); err != nil {
			return block{}, err
		}
	}
	begin, size := b.span(separator, lo, hi)
	return block{stream: b.stream, records: b.records[lo:hi:hi], data: data[begin : begin+size : begin+size], size: size}, nil
}

// cut returns the first n records of b, and the others.
func (b *block) cut(separator, n int) (head, tail block, err error) {
	if head, err = b.part(separator, 0, n); err == nil {
		tail, err = b.part(separator, n, len(b.records))
	}
	return head, tail, err
}
