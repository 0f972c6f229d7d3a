package datadoglogsexporter

import (
	"encoding/base64"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// appendKey appends a member's name and colon to the object whose first
// member stands, or will stand, at dst[start].
func appendKey(dst []byte, start int, key string) []byte {
	if len(dst) > start {
		dst = append(dst, ',')
	}
	dst = jsonscan.AppendQuoted(dst, key)
	return append(dst, ':')
}

func appendMember(dst []byte, start int, key string, v pcommon.Value) []byte {
	return appendValue(appendKey(dst, start, key), v)
}

// appendValue encodes a value as JSON of the same type. Bytes become base64; a
// number that JSON does not have (NaN, infinite) becomes its name; a map keeps
// its order, so that a second attempt is the same as the first.
func appendValue(dst []byte, v pcommon.Value) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return jsonscan.AppendQuoted(dst, v.Str())
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		f := v.Double()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return jsonscan.AppendQuoted(dst, strconv.FormatFloat(f, 'g', -1, 64))
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	case pcommon.ValueTypeBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes().AsRaw())
		return append(dst, '"')
	case pcommon.ValueTypeMap:
		dst = append(dst, '{')
		start := len(dst)
		for k, v := range v.Map().All() {
			dst = appendMember(dst, start, k, v)
		}
		return append(dst, '}')
	case pcommon.ValueTypeSlice:
		dst = append(dst, '[')
		start := len(dst)
		for _, v := range v.Slice().All() {
			if len(dst) > start {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, v)
		}
		return append(dst, ']')
	default:
		return append(dst, "null"...)
	}
}
