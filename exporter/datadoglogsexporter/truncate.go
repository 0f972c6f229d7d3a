package datadoglogsexporter

import (
	"bytes"
	"strconv"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
)

// The members of a truncated entry.
const (
	keyTruncated = "otelcol_stytch.truncated"      // true
	keyOriginal  = "otelcol_stytch.original_bytes" // of the whole entry
)

// identity are the members that a truncated entry keeps before all others:
// what an event is found by, and what Datadog files it by.
var identity = [][]byte{
	[]byte(`"event_id"`), []byte(`"project_id"`), []byte(`"action"`), []byte(`"status"`), []byte(`"request_id"`),
	[]byte(`"http_status_code"`), []byte(`"_timestamp"`), []byte(`"timestamp"`), []byte(`"time"`),
	[]byte(`"` + keyMessage + `"`), []byte(`"` + keyTraceID + `"`), []byte(`"` + keySpanID + `"`),
	[]byte(`"` + keySource + `"`), []byte(`"` + keyService + `"`), []byte(`"` + keyTags + `"`), []byte(`"` + keyHostname + `"`),
}

// valueLimits are tried one after the other, the last with identity alone: how
// long a member's name and value may be, in bytes, for the entry to fit.
var valueLimits = []int{256 << 10, 32 << 10, 4 << 10, 1 << 10}

// truncate replaces dst[start:], which is one entry longer than Datadog shows
// whole, by a shorter one that says so. Members in their order and as they
// were written remain; a string that is too long keeps its beginning, and an
// object or an array that is too long is left out.
func truncate(dst []byte, start int) []byte {
	entry := bytes.Clone(dst[start:])
	for i, limit := range valueLimits {
		dst = appendTruncated(dst[:start], entry, limit, i == len(valueLimits)-1)
		if len(dst)-start <= maxEntry {
			break
		}
	}
	return dst
}

func appendTruncated(dst, entry []byte, limit int, identityOnly bool) []byte {
	dst = append(dst, '{')
	start := len(dst)
	o, _ := jsonscan.ReadObject(entry, 0, 0) // an entry is a valid object
	var m jsonscan.Member
	for o.Next(&m) {
		key, value := entry[m.Key:m.KeyEnd], entry[m.Value:m.End]
		if identityOnly && !identifies(key) || len(key) > limit {
			continue
		}
		cut := len(value) > limit
		if cut && value[0] != '"' {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(append(dst, key...), ':')
		if cut {
			value = value[:cutString(value, limit)]
		}
		dst = append(dst, value...)
		if cut {
			dst = append(dst, `…"`...)
		}
	}
	dst = append(appendKey(dst, start, keyTruncated), "true"...)
	dst = strconv.AppendInt(appendKey(dst, start, keyOriginal), int64(len(entry)), 10)
	return append(dst, '}')
}

func identifies(key []byte) bool {
	for _, name := range identity {
		if bytes.Equal(name, key) {
			return true
		}
	}
	return false
}

// cutString returns where to end a JSON string, whose opening quote stands at
// s[0], at or before limit: neither within an escape nor within a character,
// be it written as two escapes.
func cutString(s []byte, limit int) int {
	end := 1
	for i := 1; i <= limit; {
		end = i
		switch c := s[i]; {
		case c == '\\' && s[i+1] == 'u':
			i += 6
			if s[end+2]|0x20 == 'd' && s[end+3] >= '8' && s[i] == '\\' && s[i+1] == 'u' {
				i += 6 // the other half of a surrogate pair
			}
		case c == '\\':
			i += 2
		case c < 0x80:
			i++
		default:
			for i++; s[i]&0xc0 == 0x80; i++ {
			}
		}
	}
	return end
}
