package payload

import (
	"fmt"
	"slices"
)

// block is records of one stream, encoded one after another with separators
// between them. It is not changed once it is made.
type block struct {
	stream  string
	records []Record
	data    []byte
	size    int     // of the records before packing, in bytes
	packing packing // of data
	sum     uint32  // CRC-32 (IEEE) of the records before packing, where packing is deflate
}

// appendPlain appends the records as they are encoded.
func (b *block) appendPlain(dst []byte) ([]byte, error) {
	if b.packing == plain {
		return append(dst, b.data...), nil
	}
	begin := len(dst)
	dst = slices.Grow(dst, b.size)[:begin+b.size]
	var err error
	switch b.packing {
	case deflated:
		err = unpackDeflate(dst[begin:], b.data)
	case snappied:
		err = unpackSnappy(dst[begin:], b.data)
	default:
		err = fmt.Errorf("packing %d is not known", b.packing)
	}
	if err != nil {
		return dst[:begin], fmt.Errorf("unpacking queued records: %w", err)
	}
	return dst, nil
}

// span is how many bytes of b records from lo up to hi are, and where they begin.
func (f *Format) span(b *block, lo, hi int) (begin, size int) {
	for i := range b.records[:hi] {
		switch {
		case i < lo:
			begin += int(b.records[i].Size) + len(f.Separator)
		case i > lo:
			size += len(f.Separator)
			fallthrough
		default:
			size += int(b.records[i].Size)
		}
	}
	return begin, size
}

// part is the records of b from lo up to hi, plain unless it is all of them.
func (f *Format) part(b *block, lo, hi int) (block, error) {
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
	begin, size := f.span(b, lo, hi)
	return block{stream: b.stream, records: b.records[lo:hi:hi], data: data[begin : begin+size : begin+size], size: size}, nil
}
