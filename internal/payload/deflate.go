package payload

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// A gzip member (RFC 1952) is a header, DEFLATE blocks and a trailer with the
// CRC of what they hold. DEFLATE blocks (RFC 1951) that end at a byte and refer
// to nothing before them can stand anywhere among others.

// deflateLevel trades CPU for bytes on the wire: see docs/benchmarks.md.
const deflateLevel = flate.BestSpeed

var flateWriters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, deflateLevel) // the level is valid
	return w
}}

// sink appends what a flate.Writer writes.
type sink struct{ data []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.data = append(s.data, p...)
	return len(p), nil
}

func packDeflate(dst, plain []byte) ([]byte, uint32) {
	w := flateWriters.Get().(*flate.Writer)
	defer flateWriters.Put(w)
	s := sink{dst}
	w.Reset(&s)
	_, _ = w.Write(plain) // a sink does not fail
	_ = w.Flush()         // ends at a byte
	return s.data, crc32.ChecksumIEEE(plain)
}

// finalBlock is an empty last DEFLATE block.
var finalBlock = []byte{3, 0}

// gzipHeader names deflate, the fastest level and no file system: RFC 1952
// section 2.3.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255}

// storedSize is up to which size bytes between packed blocks are stored as
// they are, in bytes: a separator and little more.
const storedSize = 64

func joinGzip(dst *bytes.Buffer, p *Payload) error {
	w := flateWriters.Get().(*flate.Writer)
	defer flateWriters.Put(w)
	dst.Write(gzipHeader)
	sum, from := uint32(0), 0
	deflate := func(b []byte) error {
		sum = crc32.Update(sum, crc32.IEEETable, b)
		if len(b) <= storedSize {
			dst.Write([]byte{0, byte(len(b)), 0, ^byte(len(b)), 0xff}) // stored: RFC 1951 section 3.2.4
			dst.Write(b)
			return nil
		}
		w.Reset(dst)
		if _, err := w.Write(b); err != nil {
			return err
		}
		return w.Flush()
	}
	for _, x := range p.parts {
		if err := deflate(p.plain[from:x.at]); err != nil {
			return err
		}
		from = x.at
		dst.Write(x.block.data)
		sum = joinSums(sum, x.block.sum, x.block.size)
	}
	if err := deflate(p.plain[from:]); err != nil {
		return err
	}
	dst.Write(finalBlock)
	trailer := binary.LittleEndian.AppendUint32(dst.AvailableBuffer(), sum)
	dst.Write(binary.LittleEndian.AppendUint32(trailer, uint32(p.size)))
	return nil
}

func unpackDeflate(dst, packed []byte) error {
	r := flate.NewReader(bytes.NewReader(packed))
	defer r.Close()
	_, err := io.ReadFull(r, dst)
	return err
}
