package lokipush

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// Protobuf is the encoding of type application/x-protobuf, before its snappy
// block: https://github.com/grafana/loki/blob/main/pkg/push/push.proto.
//
//	PushRequest    streams = 1
//	Stream         labels = 1: `{a="b", c="d"}`; entries = 2
//	Entry          timestamp = 1, line = 2, structuredMetadata = 3
//	Timestamp      seconds = 1, nanos = 2
//	LabelPair      name = 1, value = 2
//
// A message follows its length, so its size is computed before its first byte is written.
// An empty string and a zero are left out, an empty message is not.
var Protobuf Encoding = protobufEncoding{}

type protobufEncoding struct{}

// tag is a field's number with its wire type.
type tag = byte

const (
	varint1 tag = 1 << 3
	varint2 tag = 2 << 3
	bytes1  tag = 1<<3 | 2
	bytes2  tag = 2<<3 | 2
	bytes3  tag = 3<<3 | 2
)

func (protobufEncoding) ContentType() string { return "application/x-protobuf" }

func (protobufEncoding) AppendLabels(dst []byte, labels []Label) []byte {
	text := append(make([]byte, 0, 256), '{')
	for i, l := range labels {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = append(text, l.Name...)
		text = append(text, '=')
		text = strconv.AppendQuote(text, l.Value)
	}
	text = append(text, '}')
	return append(appendLength(dst, bytes1, len(text)), text...)
}

func (protobufEncoding) AppendMetadata(dst []byte, metadata []Label) []byte {
	for _, l := range metadata {
		dst = appendLength(dst, bytes3, stringSize(l.Name)+stringSize(l.Value))
		dst = appendString(dst, bytes1, l.Name)
		dst = appendString(dst, bytes2, l.Value)
	}
	return dst
}

func (protobufEncoding) AppendEntry(dst []byte, l *Line) []byte {
	dst = appendLength(dst, bytes2, entrySize(l))
	seconds, nanos := split(l.Timestamp)
	dst = appendLength(dst, bytes1, numberSize(seconds)+numberSize(nanos))
	dst = appendNumber(dst, varint1, seconds)
	dst = appendNumber(dst, varint2, nanos)
	dst = appendString(dst, bytes2, l.Text)
	return append(dst, l.Metadata...)
}

func (protobufEncoding) AppendHead(dst []byte, labels string, size int) []byte {
	return append(appendLength(dst, bytes1, len(labels)+size), labels...)
}

func (protobufEncoding) Separator() string { return "" }
func (protobufEncoding) Tail() string      { return "" }

func entrySize(l *Line) int {
	seconds, nanos := split(l.Timestamp)
	return fieldSize(numberSize(seconds)+numberSize(nanos)) + stringSize(l.Text) + len(l.Metadata)
}

func split(timestamp int64) (seconds, nanos uint64) {
	return uint64(timestamp) / 1e9, uint64(timestamp) % 1e9
}

// fieldSize returns the size of a field of n bytes with its tag and its length.
func fieldSize(n int) int { return 1 + varintSize(uint64(n)) + n }

func stringSize(s string) int {
	if s == "" {
		return 0
	}
	return fieldSize(len(s))
}

func numberSize(n uint64) int {
	if n == 0 {
		return 0
	}
	return 1 + varintSize(n)
}

func varintSize(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

func appendLength(dst []byte, t tag, n int) []byte {
	return binary.AppendUvarint(append(dst, t), uint64(n))
}

func appendString(dst []byte, t tag, s string) []byte {
	if s == "" {
		return dst
	}
	return append(appendLength(dst, t, len(s)), s...)
}

func appendNumber(dst []byte, t tag, n uint64) []byte {
	if n == 0 {
		return dst
	}
	return binary.AppendUvarint(append(dst, t), n)
}
