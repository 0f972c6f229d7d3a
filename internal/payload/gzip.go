package payload

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/otelcol-stytch/otelcol-stytch/internal/deflate"
)

// A gzip member (RFC 1952) is a header, DEFLATE blocks and a trailer with the
// CRC of what they hold. Blocks that end at a byte and refer to nothing before
// them can stand anywhere among others.

func packDeflate(dst, plain []byte) ([]byte, uint32) {
	return deflate.Append(dst, plain), crc32.ChecksumIEEE(plain)
}

// gzipHeader names DEFLATE, the fastest level and no file system: RFC 1952
// section 2.3.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255}

// storedSize is the size up to which the bytes between packed blocks are stored
// uncompressed: a separator and little more.
const storedSize = 64

func writeGzip(dst *bytes.Buffer, p *Payload) error {
	dst.Write(gzipHeader)
	sum, from := uint32(0), 0
	add := func(plain []byte) {
		if len(plain) <= storedSize {
			dst.Write(deflate.AppendStored(dst.AvailableBuffer(), plain))
		} else {
			dst.Write(p.compressor.Append(dst.AvailableBuffer(), plain))
		}
		sum = crc32.Update(sum, crc32.IEEETable, plain)
	}
	for _, x := range p.parts {
		add(p.plain[from:x.at])
		from = x.at
		dst.Write(x.block.data)
		sum = joinSums(sum, x.block.sum, x.block.size)
	}
	add(p.plain[from:])
	dst.Write(deflate.Final)
	trailer := binary.LittleEndian.AppendUint32(dst.AvailableBuffer(), sum)
	dst.Write(binary.LittleEndian.AppendUint32(trailer, uint32(p.size)))
	return nil
}
