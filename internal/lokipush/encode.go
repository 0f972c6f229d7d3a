package lokipush

import "unicode/utf8"

// Encoding is JSON or Protobuf, the two encodings of a push. Equal pushes are encoded to
// equal bytes.
//
// A push holds one stream. Loki accepts more, but its answer then covers only the last
// one: if an earlier stream is over its rate limit, over the tenant's number of streams or
// too far behind, the answer is 204 all the same (measured with Loki 3.7.8).
//
// Names, values and lines must be valid UTF-8: see Text.
type Encoding interface {
	// ContentType is the request's.
	ContentType() string
	// AppendLabels appends the labels of a stream, sorted by name.
	AppendLabels(dst []byte, labels []Label) []byte
	// AppendMetadata appends the structured metadata of a line, nothing if it is empty.
	AppendMetadata(dst []byte, metadata []Label) []byte
	// AppendEntry appends one entry.
	AppendEntry(dst []byte, l *Line) []byte
	// AppendHead appends the start of a push, before its entries. Size is the length of the
	// entries in bytes, with their separators. Labels is the output of AppendLabels.
	AppendHead(dst []byte, labels string, size int) []byte
	// Separator stands between two entries, Tail after the last one.
	Separator() string
	Tail() string
}

// Line is an entry to encode.
type Line struct {
	Timestamp int64 // nanoseconds since the epoch, not negative
	Text      string
	Metadata  []byte // the output of AppendMetadata
}

// Text replaces each byte of s that is not part of valid UTF-8 by U+FFFD. Neither encoding
// can carry such bytes: JSON by RFC 8259 section 8.1, protobuf by its definition of a
// string. Loki itself accepts them in a protobuf line but not in a label; other stores
// accept neither.
func Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
