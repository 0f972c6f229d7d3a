// Package payload holds log records in the form in which they are sent: a
// record is encoded once, when it is taken, and compressed there with those
// that came with it. That form is what waits in the sending queue, in memory
// or on disk, and what payloads are put together from.
//
//	Builder   records, encoded by their backend, become the blocks of a Request
//	Request   what exporterhelper queues, merges, splits and stores
//	Batch     the records of a Request, in the order in which they are sent
//	Payload   the body of one HTTP request: of as many records as its limits allow
//
// A block that is sent whole goes into the payload as it is, compressed. Only
// where a request has to be taken apart, because the destination refuses it or
// part of it, are its blocks unpacked.
package payload

import (
	"bytes"

	"github.com/otelcol-stytch/otelcol-stytch/internal/deflate"
)

// Format is how a backend puts records into a payload.
type Format struct {
	// Name tells how records are encoded, in stored requests.
	Name string
	// Head appends what stands before records of a stream that are size bytes
	// long, separators included.
	Head func(dst []byte, stream string, size int) []byte
	// Separator stands between two records, Tail behind the last.
	Separator, Tail string
	// MaxBytes and MaxRecords bound a payload, before compression. A single
	// record is sent whatever its size.
	MaxBytes, MaxRecords int
	// Codec compresses.
	Codec Codec
	// Adopt adds records that were stored in the form of another Format's
	// name. Nil stands for a backend that has one form.
	Adopt func(to *Builder, name, stream string, records []Record, data []byte) error
}

// fits tells whether records of a stream fit into a payload.
func (f *Format) fits(scratch []byte, stream string, records, size int) bool {
	if records > f.MaxRecords {
		return false
	}
	return len(f.Head(scratch[:0], stream, size))+size+len(f.Tail) <= f.MaxBytes
}

// Payload is the body of one HTTP request, before it is joined to what goes
// over the wire.
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

// Release lets go of the records, and tells the room for others in bytes.
func (p *Payload) Release() (room int) {
	p.reset(nil)
	return cap(p.plain)
}

// Size returns the bytes before compression.
func (p *Payload) Size() int { return p.size }

// Join writes what goes over the wire to dst.
func (p *Payload) Join(dst *bytes.Buffer) error { return p.codec.join(dst, p) }

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
