package payload

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"go.opentelemetry.io/collector/exporter/exporterhelper/xexporterhelper"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/request"
)

// A stored request is the body, as bytes, of the one record of an OTLP logs
// request. So the request's context is stored as exporterhelper stores it. All
// numbers are unsigned varints but where it says otherwise:
//
//	version, one byte
//	name of the format
//	number of blocks; for each
//	  stream
//	  packing, one byte; size before packing; CRC-32, 4 bytes, little endian
//	  number of records; for each its time, as a signed varint of the
//	    difference to the one before, its size, the size of its body, its flags
//	  data
//	CRC-32 (IEEE) of all that, 4 bytes, little endian
//
// Strings and data stand behind their length.
const version = 1

// QueueEncoding stores requests in a persistent queue. Every field is required.
type QueueEncoding struct {
	Format *Format
	// Encode makes a request of plain logs, as exporterhelper's own queue stores
	// them.
	Encode func(plog.Logs) *Request
	// Damaged is told of a stored request that cannot be read.
	Damaged func(error)
}

// Marshal encodes a *Request with the span and the client metadata of its context. It
// fails only where the context cannot be encoded.
func (e QueueEncoding) Marshal(ctx context.Context, r xexporterhelper.Request) ([]byte, error) {
	ld := plog.NewLogs()
	lr := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.Body().SetEmptyBytes().FromRaw(r.(*Request).store())
	return request.MarshalLogs(ctx, ld)
}

// errNothing is the error of an empty value, which is left where the storage refused
// an item: nothing is lost.
var errNothing = errors.New("nothing is stored")

// Unmarshal decodes a request. One that another configuration of the exporter
// stored becomes one of this configuration: with another compression, another
// encoding, or as the plain logs of exporterhelper's own queue.
//
// It fails for an empty value, and for one that is damaged, has an unknown version
// or is of a format that Transcode does not know; of these Damaged is told.
func (e QueueEncoding) Unmarshal(stored []byte) (context.Context, xexporterhelper.Request, error) {
	if len(stored) == 0 {
		return context.Background(), nil, errNothing
	}
	ctx, r, err := e.unmarshal(stored)
	if err != nil {
		e.Damaged(err)
		return context.Background(), nil, err
	}
	return ctx, r, nil
}

// Fingerprint identifies a stored request. It survives decoding and encoding, and
// fails where Unmarshal fails, without a call of Damaged.
func (e QueueEncoding) Fingerprint(stored []byte) ([]byte, error) {
	_, r, err := e.unmarshal(stored)
	if err != nil {
		return nil, err
	}
	return r.store(), nil
}

func (e QueueEncoding) unmarshal(stored []byte) (context.Context, *Request, error) {
	ctx, ld, err := request.UnmarshalLogs(stored)
	if err != nil {
		return nil, nil, err
	}
	if ld.LogRecordCount() == 0 { // protobuf reads much else as nothing but unknown fields
		return nil, nil, errors.New("no record in it")
	}
	if body := firstBody(ld); body.Type() == pcommon.ValueTypeBytes {
		r, err := e.Format.read(body.Bytes().AsRaw())
		return ctx, r, err
	}
	return ctx, e.Encode(ld), nil
}

func firstBody(ld plog.Logs) pcommon.Value {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				return lr.Body()
			}
		}
	}
	return pcommon.NewValueEmpty()
}

func (r *Request) store() []byte {
	// What is not data takes 16 bytes a record and 64 a block at most, beside
	// the names of streams.
	size := len(r.format.Name) + 32 + 16*r.items
	for i := range r.blocks {
		size += len(r.blocks[i].stream) + len(r.blocks[i].data) + 64
	}
	dst := append(make([]byte, 0, size), version)
	dst = appendString(dst, r.format.Name)
	dst = binary.AppendUvarint(dst, uint64(len(r.blocks)))
	for i := range r.blocks {
		b := &r.blocks[i]
		dst = appendString(dst, b.stream)
		dst = append(dst, byte(b.packing))
		dst = binary.AppendUvarint(dst, uint64(b.size))
		dst = binary.LittleEndian.AppendUint32(dst, b.sum)
		dst = binary.AppendUvarint(dst, uint64(len(b.records)))
		at := int64(0)
		for k := range b.records {
			x := &b.records[k]
			dst = binary.AppendVarint(dst, x.At-at)
			dst = binary.AppendUvarint(dst, uint64(x.Size))
			dst = binary.AppendUvarint(dst, uint64(x.Text))
			dst = append(dst, x.Flags)
			at = x.At
		}
		dst = appendString(dst, b.data)
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst))
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// read decodes what store encoded.
func (f *Format) read(stored []byte) (*Request, error) {
	end := len(stored) - crc32.Size
	if end < 1 {
		return nil, errors.New("too short")
	}
	if stored[0] != version {
		return nil, fmt.Errorf("version %d, want %d", stored[0], version)
	}
	if crc32.ChecksumIEEE(stored[:end]) != binary.LittleEndian.Uint32(stored[end:]) {
		return nil, errors.New("the checksum does not match")
	}
	in := decoder{rest: stored[1:end]}
	name := string(in.bytes())
	r := &Request{format: f}
	for range in.count() {
		b := block{stream: string(in.bytes()), packing: packing(in.byte()), size: int(in.uvarint()), sum: in.uint32()}
		b.records = make([]Record, in.count())
		at := int64(0)
		for k := range b.records {
			at += in.varint()
			b.records[k] = Record{At: at, Size: uint32(in.uvarint()), Text: uint32(in.uvarint()), Flags: in.byte()}
		}
		b.data = in.bytes()
		r.add(b)
	}
	if in.failed || len(in.rest) > 0 {
		return nil, errors.New("malformed")
	}
	for i := range r.blocks {
		b := &r.blocks[i]
		if _, size := b.span(len(f.Separator), 0, len(b.records)); name == f.Name && size != b.size ||
			b.packing == plain && len(b.data) != b.size || b.size/maxRatio > len(b.data) {
			return nil, errors.New("sizes that contradict each other")
		}
		if b.packing != plain && b.packing != f.Codec.packing { // of another codec
			data, err := b.appendPlain(nil)
			if err != nil {
				return nil, err
			}
			b.data, b.packing = data, plain
		}
	}
	if name == f.Name {
		return r, nil
	}
	return f.transcode(name, r)
}

// maxRatio is more than DEFLATE can pack into a byte, which is 258 bytes into 2
// bits, and than snappy can.
const maxRatio = 1100

// transcode returns the records of r, which are in the form of another name.
func (f *Format) transcode(name string, r *Request) (*Request, error) {
	if f.Transcode == nil {
		return nil, fmt.Errorf("records are stored as %q", name)
	}
	var errs error
	return f.Build(func(to *Builder) {
		for i := range r.blocks {
			b := &r.blocks[i]
			data, err := b.appendPlain(nil)
			if err == nil {
				err = f.Transcode(to, name, b.stream, b.records, data)
			}
			errs = errors.Join(errs, err)
		}
	}), errs
}
