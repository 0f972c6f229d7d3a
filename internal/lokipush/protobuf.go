package lokipush

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// DecodeProtobuf reads a logproto.PushRequest into r: the body of a push of type
// application/x-protobuf, without its snappy block. It keeps no reference to body. An error
// names the place: the path in the message, and the byte if there is one. After an error
// the content of r is not to be used.
//
// The messages are those of github.com/grafana/loki/pkg/push, whose Unmarshal allocates
// every string: BenchmarkDecodeProtobuf compares the two. Unknown fields are skipped, and
// fields that only Loki's own parts exchange: a stream's hash, an entry's parsed labels,
// the request's format.
func (r *Request) DecodeProtobuf(body []byte) error {
	r.begin(len(body))
	err := fields(body, func(f field) error {
		if f.number != 1 {
			return nil
		}
		stream, err := f.message()
		if err == nil {
			err = r.protoStream(stream)
		}
		if err != nil {
			return fmt.Errorf("streams[%d]: %w", len(r.Streams), err)
		}
		return nil
	})
	if err == nil && len(r.Streams) == 0 {
		return ErrNoStreams
	}
	return err
}

func (r *Request) protoStream(msg []byte) error {
	firstEntry := len(r.entries)
	var labels []byte
	err := fields(msg, func(f field) (err error) {
		switch f.number {
		case 1:
			labels, err = f.message()
		case 2:
			entry, err := f.message()
			if err == nil {
				err = r.protoEntry(entry)
			}
			if err != nil {
				return fmt.Errorf("entries[%d]: %w", len(r.entries)-firstEntry, err)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	pairs, err := r.parseLabels(labels)
	if err != nil {
		return fmt.Errorf("labels: %w", err)
	}
	return r.addStream(pairs, r.entries[firstEntry:len(r.entries):len(r.entries)])
}

func (r *Request) protoEntry(msg []byte) error {
	var e Entry
	var line []byte
	first := len(r.labels)
	err := fields(msg, func(f field) (err error) {
		var value []byte
		switch f.number {
		case 1:
			if value, err = f.message(); err == nil {
				e.Timestamp, err = protoTimestamp(value)
			}
		case 2:
			line, err = f.message()
		case 3:
			if value, err = f.message(); err == nil {
				err = r.protoPair(first, value)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if e.Timestamp <= 0 {
		return errors.New("timestamp: want one after 1970 and before 2262")
	}
	e.Line = r.text.keep(line)
	e.Metadata = r.labels[first:len(r.labels):len(r.labels)]
	if err := checkMetadata(e.Metadata); err != nil {
		return err
	}
	return r.addEntry(e)
}

// protoTimestamp reads a google.protobuf.Timestamp. It returns 0 for a time that does not
// fit nanoseconds since the epoch.
func protoTimestamp(msg []byte) (ns int64, err error) {
	var seconds, nanos int64
	err = fields(msg, func(f field) (err error) {
		var value uint64
		switch f.number {
		case 1:
			value, err = f.varint()
			seconds = int64(value)
		case 2:
			value, err = f.varint()
			nanos = int64(int32(value))
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("timestamp: %w", err)
	}
	const last = math.MaxInt64 / int64(time.Second)
	if seconds < 0 || seconds >= last || nanos < 0 || nanos >= int64(time.Second) {
		return 0, nil
	}
	return seconds*int64(time.Second) + nanos, nil
}

func (r *Request) protoPair(first int, msg []byte) error {
	var name, value []byte
	err := fields(msg, func(f field) (err error) {
		switch f.number {
		case 1:
			name, err = f.message()
		case 2:
			value, err = f.message()
		}
		return err
	})
	if err == nil {
		err = r.addPair(first, r.text.keep(name), r.text.keep(value))
	}
	if err != nil {
		return fmt.Errorf("structured metadata: %w", err)
	}
	return nil
}

// field is one field of a message.
type field struct {
	number int
	kind   int    // wire type
	value  uint64 // of a varint
	bytes  []byte // of a string or a message
}

// Wire types, https://protobuf.dev/programming-guides/encoding/#structure.
const (
	varint  = 0
	fixed64 = 1
	length  = 2
	fixed32 = 5
)

func (f field) message() ([]byte, error) {
	if f.kind != length {
		return nil, fmt.Errorf("field %d has wire type %d, want %d", f.number, f.kind, length)
	}
	return f.bytes, nil
}

func (f field) varint() (uint64, error) {
	if f.kind != varint {
		return 0, fmt.Errorf("field %d has wire type %d, want %d", f.number, f.kind, varint)
	}
	return f.value, nil
}

// fields calls read with each field of a message.
func fields(msg []byte, read func(field) error) error {
	for i := 0; i < len(msg); {
		tag, n := binary.Uvarint(msg[i:])
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
			return fmt.Errorf("byte %d of %d: want a field", i, len(msg))
		}
		i += n
		f := field{number: int(tag >> 3), kind: int(tag & 7)}
		switch f.kind {
		case varint:
			f.value, n = binary.Uvarint(msg[i:])
		case fixed64:
			n = 8
		case fixed32:
			n = 4
		case length:
			var size uint64
			if size, n = binary.Uvarint(msg[i:]); n > 0 {
				if size > uint64(len(msg)-i-n) {
					return fmt.Errorf("byte %d of %d: field %d is cut short", i, len(msg), f.number)
				}
				f.bytes = msg[i+n : i+n+int(size)]
				n += int(size)
			}
		default:
			return fmt.Errorf("byte %d of %d: field %d has wire type %d", i, len(msg), f.number, f.kind)
		}
		if n <= 0 || n > len(msg)-i {
			return fmt.Errorf("byte %d of %d: field %d is cut short", i, len(msg), f.number)
		}
		i += n
		if err := read(f); err != nil {
			return err
		}
	}
	return nil
}
