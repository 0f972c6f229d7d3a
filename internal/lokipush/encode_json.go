package lokipush

import (
	"strconv"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// JSON is the encoding of type application/json.
var JSON Encoding = jsonEncoding{}

type jsonEncoding struct{}

func (jsonEncoding) ContentType() string { return "application/json" }

func (jsonEncoding) AppendLabels(dst []byte, labels []Label) []byte {
	dst = append(dst, '{')
	for i, l := range labels {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonscan.AppendQuoted(dst, l.Name)
		dst = append(dst, ':')
		dst = jsonscan.AppendQuoted(dst, l.Value)
	}
	return append(dst, '}')
}

// AppendMetadata appends the third element of an entry, with its comma.
func (e jsonEncoding) AppendMetadata(dst []byte, metadata []Label) []byte {
	if len(metadata) == 0 {
		return dst
	}
	return e.AppendLabels(append(dst, ','), metadata)
}

func (jsonEncoding) AppendEntry(dst []byte, l *Line) []byte {
	dst = append(dst, `["`...)
	dst = strconv.AppendInt(dst, l.Timestamp, 10)
	dst = append(dst, `",`...)
	dst = jsonscan.AppendQuoted(dst, l.Text)
	dst = append(dst, l.Metadata...)
	return append(dst, ']')
}

func (jsonEncoding) AppendHead(dst []byte, labels string, _ int) []byte {
	dst = append(dst, `{"streams":[{"stream":`...)
	dst = append(dst, labels...)
	return append(dst, `,"values":[`...)
}

func (jsonEncoding) Separator() string { return "," }
func (jsonEncoding) Tail() string      { return "]}]}" }
