package lokipush

import "unicode/utf8"

// Encoding is one of the two in which Loki takes a push. What it writes is a
// function of what it is given: no map, no clock. Equal pushes are equal bytes.
//
// A push is of one stream. Loki takes more, but then tells only of the last one
// whether its entries were stored: where an earlier stream is over its rate
// limit, over the tenant's number of streams or too far behind, the answer is
// 204 all the same (measured with Loki 3.7.8).
//
// Names, values and lines must be valid UTF-8: see Text.
type Encoding interface {
	// ContentType is the request's.
	ContentType() string
	// AppendLabels appends the labels of a stream, which are sorted by name.
	AppendLabels(dst []byte, labels []Label) []byte
	// AppendMetadata appends the structured metadata of a line: nothing where
	// there is none.
	AppendMetadata(dst []byte, metadata []Label) []byte
	// AppendEntry appends the entry of a line.
	AppendEntry(dst []byte, l *Line) []byte
	// AppendHead appends what stands before the entries of a push, which are of
	// one stream and size bytes long, separators included. Labels are what
	// AppendLabels appended.
	AppendHead(dst []byte, labels string, size int) []byte
	// Separator stands between two entries, Tail behind the last one.
	Separator() string
	Tail() string
}

// Line is an entry that is to be written.
type Line struct {
	Timestamp int64 // nanoseconds since the epoch, not negative
	Text      string
	Metadata  []byte // what AppendMetadata appended
}

// Text returns s with each byte that is not part of valid UTF-8 as U+FFFD.
// Neither encoding can carry such bytes: JSON by RFC 8259 section 8.1, protobuf
// by its definition of a string. Loki itself takes them in a protobuf line, but
// refuses a push with them in a label, and other stores refuse both.
func Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
