package payload

import (
	"slices"
	"sync"
)

const (
	// blockSize is the size from which a block is closed, in bytes before packing:
	// small enough for a core's cache, large enough to lose less than 2 % of the
	// compression.
	blockSize = 128 << 10
	// packSize is the size from which a block is packed by itself, in bytes. A
	// smaller one is compressed with its neighbours when it is sent: packed alone, it
	// would need tables and a first record of its own.
	packSize = 32 << 10
	// blockRecords divides a request into blocks that batches can be made of
	// without dividing one: as many records as a batch has by default.
	blockRecords = 1000
)

// Builder makes a request of records that a backend encodes. Its own memory is used
// again; the request's memory has the exact size. It is valid only within the call
// of Build's fill.
type Builder struct {
	request *Request
	stream  string
	records []Record
	buffer  []byte // the encoded records of the open block
	packed  []byte
}

var builders = sync.Pool{New: func() any { return new(Builder) }}

// Build returns a request of the records that fill adds. It is safe for concurrent
// use.
func (f *Format) Build(fill func(*Builder)) *Request {
	b := builders.Get().(*Builder)
	b.request, b.stream = &Request{format: f}, ""
	fill(b)
	b.close()
	r := b.request
	b.request = nil
	if cap(b.buffer) > 4*blockSize { // one huge record must not pin its memory
		b.buffer, b.packed = nil, nil
	}
	builders.Put(b)
	return r
}

// Stream sets the stream of the records that follow.
func (b *Builder) Stream(stream string) {
	if stream != b.stream {
		b.close()
		b.stream = stream
	}
}

// Begin returns where to append the next record's encoding.
func (b *Builder) Begin() []byte {
	if len(b.records) > 0 {
		return append(b.buffer, b.request.format.Separator...)
	}
	return b.buffer
}

// End takes what was appended to what Begin returned. It sets the record's size.
func (b *Builder) End(encoded []byte, r Record) {
	begin := len(b.buffer)
	if len(b.records) > 0 {
		begin += len(b.request.format.Separator)
	}
	r.Size = uint32(len(encoded) - begin)
	b.records = append(b.records, r)
	b.buffer = encoded
	if len(encoded) >= blockSize || (b.request.items+len(b.records))%blockRecords == 0 {
		b.close()
	}
}

// close ends the open block.
func (b *Builder) close() {
	if len(b.records) == 0 {
		return
	}
	x := block{stream: b.stream, records: slices.Clone(b.records), size: len(b.buffer)}
	if codec := &b.request.format.Codec; codec.pack != nil && len(b.buffer) >= packSize {
		b.packed, x.sum = codec.pack(b.packed[:0], b.buffer)
		x.data, x.packing = slices.Clone(b.packed), codec.packing
	} else {
		x.data = slices.Clone(b.buffer)
	}
	b.request.add(x)
	b.records, b.buffer = b.records[:0], b.buffer[:0]
}
