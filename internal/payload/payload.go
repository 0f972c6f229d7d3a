package payload

import (
	"bytes"

	"github.com/otelcol-stytch/otelcol-stytch/internal/deflate"
)

// Format says how a backend puts records into a payload. All fields but Name and
// Transcode are required. It must not be changed once it is in use.
type Format struct {
	// Name tells how records are encoded, in stored requests.
	Name string
	// Head appends what precedes the records of a stream, which are size bytes long,
	// separators included.
	Head func(dst []byte, stream string, size int) []byte
	// Separator stands between two records, Tail behind the last.
	Separator, Tail string
	// MaxBytes and MaxRecords bound a payload, before compression. A single
	// record is sent whatever its size.
	MaxBytes, MaxRecords int
	// Codec compresses.
	Codec Codec
	// Transcode adds records that were stored under another Format's name. Data is
	// their encodings with that format's separators. Nil: there is no other name.
	Transcode func(to *Builder, name, stream string, records []Record, data []byte) error
}

// fits tells whether so many records of a stream, of so many bytes, fit into a
// payload.
func (f *Format) fits(scratch []byte, stream string, records, size int) bool {
	if records > f.MaxRecords {
		return false
	}
	return len(f.Head(scratch[:0], stream, size))+size+len(f.Tail) <= f.MaxBytes
}

// Payload is the body of one HTTP request. Its memory is used again by the next
// NextPayload that gets it.
type Payload struct {
	codec *Codec
	plain []byte // all that is not packed, one after another
	parts []part
	size  int // bytes before compression

	compressor deflate.Compressor
}

// part is a block, packed, and where in the plain bytes it belongs.
type part struct {
	at    int
	block *block
}

func (p *Payload) reset(codec *Codec) {
	clear(p.parts) // what is sent must not stay in memory
	p.codec, p.plain, p.parts, p.size = codec, p.plain[:0], p.parts[:0], 0
}

// Release lets go of the records, and returns the size of the memory that p keeps,
// in bytes.
func (p *Payload) Release() (room int) {
	p.reset(nil)
	return cap(p.plain)
}

// Size returns the bytes before compression.
func (p *Payload) Size() int { return p.size }

// WriteTo appends the body as it goes over the wire, compressed, to dst. It fails
// only where the codec does.
func (p *Payload) WriteTo(dst *bytes.Buffer) error { return p.codec.write(dst, p) }

// AppendPlain appends the payload before compression to dst.
func (p *Payload) AppendPlain(dst []byte) ([]byte, error) {
	from := 0
	for _, x := range p.parts {
		dst, from = append(dst, p.plain[from:x.at]...), x.at
		var err error
		if dst, err = x.block.appendPlain(dst); err != nil {
			return dst, err
		}
	}
	return append(dst, p.plain[from:]...), nil
}
