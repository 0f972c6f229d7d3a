package payload

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/s2"
)

// A snappy block is the length of what it holds, as a varint, and elements that
// refer back by distance. The elements of several texts, one after another, are
// those of the texts' sequence:
// https://github.com/google/snappy/blob/main/format_description.txt.

// packSnappy appends the elements alone. Snappy's limit of 4 GiB is never reached: a
// block is about blockSize, and a record is smaller than a request to the collector.
func packSnappy(dst, plain []byte) ([]byte, uint32) {
	begin := len(dst)
	block := s2.EncodeSnappy(dst[begin:cap(dst)], plain)
	_, n := binary.Uvarint(block)
	return append(dst, block[n:]...), 0
}

func writeSnappy(dst *bytes.Buffer, p *Payload) error {
	if s2.MaxEncodedLen(p.size) < 0 {
		return s2.ErrTooLarge
	}
	dst.Write(binary.AppendUvarint(dst.AvailableBuffer(), uint64(p.size)))
	from := 0
	for _, x := range p.parts {
		appendSnappy(dst, p.plain[from:x.at])
		from = x.at
		dst.Write(x.block.data)
	}
	appendSnappy(dst, p.plain[from:])
	return nil
}

func appendSnappy(dst *bytes.Buffer, plain []byte) {
	if len(plain) > 0 {
		dst.Grow(s2.MaxEncodedLen(len(plain)))
		packed, _ := packSnappy(dst.AvailableBuffer(), plain)
		dst.Write(packed)
	}
}

func unpackSnappy(dst, packed []byte, size int) ([]byte, error) {
	text, err := s2.Decode(nil, append(binary.AppendUvarint(nil, uint64(size)), packed...))
	return append(dst, text...), err
}
