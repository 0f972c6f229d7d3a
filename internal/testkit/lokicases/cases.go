// Package lokicases is a table of pushes and of what a real Loki answers them. The stand-in and the
// receiver are both held against it.
package lokicases

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/loki/pkg/push"
)

// Case is a push and the answer of a Loki 3.7 with its default limits.
type Case struct {
	Name     string
	Body     string
	Header   map[string]string // over Content-Type: application/json; "-" removes one
	Status   int
	Text     string // the answer's body contains it
	Stored   int
	Stricter bool // a real Loki takes it, an exporter should not send it
}

// Cases returns the table; the entries of its pushes are as old as they say at now.
func Cases(now time.Time) []Case {
	ns := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).UnixNano(), 10) }
	const day = 24 * time.Hour
	stream := func(labels string, values ...string) string {
		return `{"stream":{` + labels + `},"values":[` + strings.Join(values, ",") + `]}`
	}
	request := func(streams ...string) string { return `{"streams":[` + strings.Join(streams, ",") + `]}` }
	entry := func(parts ...string) string { return `["` + ns(0) + `",` + strings.Join(parts, ",") + `]` }
	at := func(d time.Duration, line string) string { return `["` + ns(d) + `","` + line + `"]` }
	values := func(values ...string) string { return request(stream(`"source":"stytch"`, values...)) }
	labelled := func(labels string) string { return request(stream(labels, entry(`"x"`))) }
	numbered := func(n int) string {
		labels := make([]string, n)
		for i := range labels {
			labels[i] = fmt.Sprintf(`"l%d":"x"`, i)
		}
		return strings.Join(labels, ",")
	}
	ok := values(entry(`"x"`))
	kind := func(value string) map[string]string { return map[string]string{"Content-Type": value} }
	encoded := func(value string) map[string]string { return map[string]string{"Content-Encoding": value} }
	protobuf := func(labels string) string {
		return string(Protobuf(push.Stream{Labels: labels, Entries: []push.Entry{{Timestamp: now, Line: "x"}}}))
	}

	return []Case{
		{Name: "one entry", Body: ok, Status: 204, Stored: 1},
		{Name: "repeated in one request", Body: values(entry(`"x"`), entry(`"x"`)), Status: 204, Stored: 1},
		{Name: "same time, another line", Body: values(entry(`"x"`), entry(`"y"`)), Status: 204, Stored: 2},
		{Name: "same line, other metadata", Body: values(entry(`"x"`), entry(`"x"`, `{"a":"1"}`)), Status: 204, Stored: 2},
		{Name: "empty line", Body: values(entry(`""`)), Status: 204, Stored: 1},
		{Name: "white space after", Body: ok + " \n", Status: 204, Stored: 1},

		{Name: "empty body", Body: "", Status: 400},
		{Name: "no JSON", Body: "hello", Status: 400},
		{Name: "array", Body: "[]", Status: 400},
		{Name: "cut short", Body: ok[:len(ok)-3], Status: 400},
		{Name: "streams is an object", Body: `{"streams":{}}`, Status: 400},
		{Name: "no streams", Body: "{}", Status: 422, Text: "at least one valid stream"},
		{Name: "null", Body: "null", Status: 422, Text: "at least one valid stream"},
		{Name: "empty streams", Body: request(), Status: 422, Text: "at least one valid stream"},
		{Name: "no values", Body: `{"streams":[{"stream":{"a":"b"}}]}`, Status: 204},
		{Name: "empty values", Body: request(stream(`"a":"b"`)), Status: 204},
		{Name: "further keys", Body: strings.Replace(ok, "{", `{"more":[1],`, 1), Status: 204, Stored: 1},
		{Name: "bytes after", Body: ok + "x", Status: 400, Stricter: true},
		{Name: "invalid UTF-8", Body: values(entry("\"x\xff\"")), Status: 400, Stricter: true},

		{Name: "timestamp a number", Body: values("[" + ns(0) + `,"x"]`), Status: 400},
		{Name: "timestamp in RFC 3339", Body: values(`["2026-03-04T05:06:07Z","x"]`), Status: 400},
		{Name: "timestamp empty", Body: values(`["","x"]`), Status: 400},
		{Name: "timestamp overflows", Body: values(`["99999999999999999999","x"]`), Status: 400},
		{Name: "line a number", Body: values(entry("1")), Status: 400},
		{Name: "line null", Body: values(entry("null")), Status: 400},
		{Name: "line an object", Body: values(entry("{}")), Status: 400},
		{Name: "no elements", Body: values("[]"), Status: 400, Text: "too old"},
		{Name: "one element", Body: values(`["` + ns(0) + `"]`), Status: 204},
		{Name: "four elements", Body: values(entry(`"x"`, "{}", "5")), Status: 204, Stored: 1},

		{Name: "half a surrogate pair", Body: values(entry(`"\ud800"`)), Status: 400},
		{Name: "half a surrogate pair in metadata", Body: values(entry(`"x"`, `{"a":"\ud800"}`)), Status: 400},
		{Name: "half a surrogate pair in an event", Body: values(entry(`"{\"a\":\"\\ud800\"}"`)), Status: 204, Stored: 1},
		{Name: "a surrogate pair", Body: values(entry(`"\ud83d\ude00"`)), Status: 204, Stored: 1},

		{Name: "metadata", Body: values(entry(`"x"`, `{"a.b":"1","1e":"2"}`)), Status: 204, Stored: 1},
		{Name: "metadata a string", Body: values(entry(`"x"`, `"a"`)), Status: 400},
		{Name: "metadata null", Body: values(entry(`"x"`, "null")), Status: 400},
		{Name: "metadata with a number", Body: values(entry(`"x"`, `{"a":1}`)), Status: 400},
		{Name: "metadata with null", Body: values(entry(`"x"`, `{"a":null}`)), Status: 400},
		{Name: "metadata nested", Body: values(entry(`"x"`, `{"a":{"b":"c"}}`)), Status: 400},
		{Name: "metadata named _", Body: values(entry(`"x"`, `{"_":"b"}`)), Status: 500, Text: "invalid name"},
		{Name: "metadata named ..", Body: values(entry(`"x"`, `{"..":"b"}`)), Status: 500, Text: "invalid name"},
		{Name: "metadata named é", Body: values(entry(`"x"`, `{"é":"b"}`)), Status: 500, Text: "invalid name"},
		{Name: "metadata without a name", Body: values(entry(`"x"`, `{"":"b"}`)), Status: 500},
		{Name: "metadata too large", Body: values(entry(`"x"`, `{"a":"`+strings.Repeat("b", 64<<10)+`"}`), at(1, "y")), Status: 400, Text: "structured metadata too large", Stored: 1},

		{Name: "no labels", Body: labelled(""), Status: 400, Text: "at least one label pair"},
		{Name: "no stream", Body: `{"streams":[{"values":[` + entry(`"x"`) + `]}]}`, Status: 400, Text: "at least one label pair"},
		{Name: "only an empty label", Body: labelled(`"a":""`), Status: 400, Text: "at least one label pair"},
		{Name: "label a.b", Body: labelled(`"a.b":"c"`), Status: 400, Text: "couldn't parse labels"},
		{Name: "label a-b", Body: labelled(`"a-b":"c"`), Status: 400, Text: "couldn't parse labels"},
		{Name: "label 1a", Body: labelled(`"1a":"c"`), Status: 400, Text: "couldn't parse labels"},
		{Name: "label é", Body: labelled(`"é":"c"`), Status: 400, Text: "couldn't parse labels"},
		{Name: "label without a name", Body: labelled(`"":"c"`), Status: 400, Text: "couldn't parse labels"},
		{Name: "label a number", Body: labelled(`"a":1`), Status: 400, Stricter: true},
		{Name: "15 labels", Body: labelled(numbered(15)), Status: 204, Stored: 1},
		{Name: "15 labels and service_name", Body: labelled(numbered(15) + `,"service_name":"x"`), Status: 204, Stored: 1},
		{Name: "16 labels", Body: labelled(numbered(16)), Status: 400, Text: "has 16 label names; limit 15"},
		{Name: "label value too long", Body: labelled(`"a":"` + strings.Repeat("b", 2049) + `"`), Status: 400, Text: "label value too long"},
		{Name: "label name too long", Body: labelled(`"` + strings.Repeat("a", 1025) + `":"b"`), Status: 400, Text: "label name too long"},
		{Name: "an unparsable stream takes all with it", Body: request(stream(`"a":"b"`, entry(`"x"`)), stream(`"a.b":"c"`, entry(`"x"`))), Status: 400, Text: "couldn't parse labels"},
		{Name: "an invalid stream leaves the others", Body: request(stream(numbered(16), entry(`"x"`)), stream(`"a":"b"`, entry(`"x"`))), Status: 400, Text: "16 label names", Stored: 1},
		{Name: "an unlabelled stream leaves the others", Body: request(stream("", entry(`"x"`)), stream(`"a":"b"`, entry(`"x"`))), Status: 400, Text: "at least one label pair", Stored: 1},

		{Name: "too old", Body: values(at(-8*day, "x"), at(0, "y")), Status: 400, Text: "entry for stream '{source=\"stytch\"}' has timestamp too old", Stored: 1},
		{Name: "two too old", Body: values(at(-8*day, "x"), at(-8*day, "y")), Status: 400, Text: "2 errors like: entry for stream"},
		{Name: "too new", Body: values(at(11*time.Minute, "x"), at(0, "y")), Status: 400, Text: "timestamp too new", Stored: 1},
		{Name: "too long", Body: values(at(0, strings.Repeat("x", 262145)), at(0, "y")), Status: 400, Text: "max entry size '262144' bytes exceeded", Stored: 1},
		{Name: "just short enough", Body: values(at(0, strings.Repeat("x", 262144))), Status: 204, Stored: 1},
		{Name: "too old and too long", Body: values(at(-8*day, "x"), at(0, strings.Repeat("x", 262145))), Status: 400, Text: "; 1 errors like: "},
		{Name: "too far behind", Body: values(at(0, "x"), at(-2*time.Hour, "y"), at(-3*time.Hour, "z")), Status: 400, Text: "total ignored: 2 out of 3 for stream: {source=\"stytch\"}", Stored: 1},
		{Name: "ascending from far behind", Body: values(at(-3*time.Hour, "z"), at(-2*time.Hour, "y"), at(0, "x")), Status: 204, Stored: 3},
		{Name: "too far behind hides too old", Body: values(at(0, "x"), at(-8*day, "old"), at(-2*time.Hour, "y")), Status: 400, Text: "total ignored: 1 out of 2", Stored: 1},

		{Name: "charset", Body: ok, Header: kind("application/json; charset=utf-8"), Status: 204, Stored: 1},
		{Name: "upper case type", Body: ok, Header: kind("APPLICATION/JSON"), Status: 204, Stored: 1},
		{Name: "another type", Body: ok, Header: kind("text/plain"), Status: 400, Text: "snappy: corrupt input"},
		{Name: "no type", Body: ok, Header: kind("-"), Status: 400, Text: "mime: no media type"},
		{Name: "malformed type", Body: ok, Header: kind("application/json; x"), Status: 400, Text: "mime: "},
		{Name: "gzip", Body: Compress(ok, Gzip), Header: encoded("gzip"), Status: 204, Stored: 1},
		{Name: "gzip without being it", Body: ok, Header: encoded("gzip"), Status: 400, Text: "gzip: invalid header"},
		{Name: "gzip cut short", Body: Compress(ok, Gzip)[:40], Header: encoded("gzip"), Status: 400, Text: "unexpected EOF"},
		{Name: "gzip without its end", Body: Compress(ok, Gzip)[:len(Compress(ok, Gzip))-8], Header: encoded("gzip"), Status: 400, Stricter: true},
		{Name: "raw deflate", Body: Compress(ok, RawDeflate), Header: encoded("deflate"), Status: 204, Stored: 1},
		{Name: "zlib as deflate", Body: Compress(ok, Zlib), Header: encoded("deflate"), Status: 400},
		{Name: "GZIP", Body: Compress(ok, Gzip), Header: encoded("GZIP"), Status: 400, Text: `Content-Encoding "GZIP" not supported`},
		{Name: "br", Body: ok, Header: encoded("br"), Status: 400, Text: `Content-Encoding "br" not supported`},
		{Name: "zstd", Body: ok, Header: encoded("zstd"), Status: 400, Text: `Content-Encoding "zstd" not supported`},
		{Name: "identity", Body: ok, Header: encoded("identity"), Status: 400, Text: `Content-Encoding "identity" not supported`},

		{Name: "protobuf", Body: protobuf(`{source="stytch", service_name="stytch.auth"}`), Header: kind("application/x-protobuf"), Status: 204, Stored: 1},
		{Name: "protobuf as snappy", Body: protobuf(`{a="b"}`), Header: map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}, Status: 204, Stored: 1},
		{Name: "protobuf gzipped", Body: Compress(protobuf(`{a="b"}`), Gzip), Header: map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}, Status: 204, Stored: 1},
		{Name: "protobuf without streams", Body: string(Protobuf()), Header: kind("application/x-protobuf"), Status: 422},
		{Name: "protobuf label a.b", Body: protobuf(`{a.b="c"}`), Header: kind("application/x-protobuf"), Status: 400, Text: "couldn't parse labels"},
		{Name: "protobuf without labels", Body: protobuf(`{}`), Header: kind("application/x-protobuf"), Status: 400, Text: "at least one label pair"},
		{Name: "protobuf not snappy", Body: "hello", Header: kind("application/x-protobuf"), Status: 400, Text: "snappy: corrupt input"},
		{Name: "protobuf empty", Body: "", Header: kind("application/x-protobuf"), Status: 400, Text: "snappy: corrupt input"},
	}
}
