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

func (jsonEncoding) AppendPush(dst, labels []byte, lines []Line, limit int) ([]byte, int) {
	const end = `]}]}`
	start := len(dst)
	dst = append(dst, `{"streams":[{"stream":`...)
	dst = append(dst, labels...)
	dst = append(dst, `,"values":[`...)
	for i := range lines {
		before := len(dst)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `["`...)
		dst = strconv.AppendInt(dst, lines[i].Timestamp, 10)
		dst = append(dst, `",`...)
		dst = jsonscan.AppendQuoted(dst, lines[i].Text)
		dst = append(dst, lines[i].Metadata...)
		dst = append(dst, ']')
		if i > 0 && len(dst)-start+len(end) > limit {
			return append(dst[:before], end...), i
		}
	}
	return append(dst, end...), len(lines)
}
