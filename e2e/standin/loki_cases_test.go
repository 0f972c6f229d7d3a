package standin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/loki/pkg/push"
)

// pushCase is a push and its answer. LOKI_URL runs all but the stricter ones against a real Loki
// too, with auth_enabled and its default limits: the proof that the stand-in answers as it does.
type pushCase struct {
	name     string
	body     string
	header   map[string]string // over Content-Type: application/json; "-" removes one
	status   int
	text     string // the answer's body contains it
	stored   int
	stricter bool // a real Loki takes it, an exporter should not send it
}

func pushCases(now time.Time) []pushCase {
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
		return string(encodeProtobuf(push.Stream{Labels: labels, Entries: []push.Entry{{Timestamp: now, Line: "x"}}}))
	}

	return []pushCase{
		{name: "one entry", body: ok, status: 204, stored: 1},
		{name: "repeated in one request", body: values(entry(`"x"`), entry(`"x"`)), status: 204, stored: 1},
		{name: "same time, another line", body: values(entry(`"x"`), entry(`"y"`)), status: 204, stored: 2},
		{name: "same line, other metadata", body: values(entry(`"x"`), entry(`"x"`, `{"a":"1"}`)), status: 204, stored: 2},
		{name: "empty line", body: values(entry(`""`)), status: 204, stored: 1},
		{name: "white space after", body: ok + " \n", status: 204, stored: 1},

		{name: "empty body", body: "", status: 400},
		{name: "no JSON", body: "hello", status: 400},
		{name: "array", body: "[]", status: 400},
		{name: "cut short", body: ok[:len(ok)-3], status: 400},
		{name: "streams is an object", body: `{"streams":{}}`, status: 400},
		{name: "no streams", body: "{}", status: 422, text: "at least one valid stream"},
		{name: "null", body: "null", status: 422, text: "at least one valid stream"},
		{name: "empty streams", body: request(), status: 422, text: "at least one valid stream"},
		{name: "no values", body: `{"streams":[{"stream":{"a":"b"}}]}`, status: 204},
		{name: "empty values", body: request(stream(`"a":"b"`)), status: 204},
		{name: "further keys", body: strings.Replace(ok, "{", `{"more":[1],`, 1), status: 204, stored: 1},
		{name: "bytes after", body: ok + "x", status: 400, stricter: true},
		{name: "invalid UTF-8", body: values(entry("\"x\xff\"")), status: 400, stricter: true},

		{name: "timestamp a number", body: values("[" + ns(0) + `,"x"]`), status: 400},
		{name: "timestamp in RFC 3339", body: values(`["2026-03-04T05:06:07Z","x"]`), status: 400},
		{name: "timestamp empty", body: values(`["","x"]`), status: 400},
		{name: "timestamp overflows", body: values(`["99999999999999999999","x"]`), status: 400},
		{name: "line a number", body: values(entry("1")), status: 400},
		{name: "line null", body: values(entry("null")), status: 400},
		{name: "line an object", body: values(entry("{}")), status: 400},
		{name: "no elements", body: values("[]"), status: 400, text: "too old"},
		{name: "one element", body: values(`["` + ns(0) + `"]`), status: 204},
		{name: "four elements", body: values(entry(`"x"`, "{}", "5")), status: 204, stored: 1},

		{name: "metadata", body: values(entry(`"x"`, `{"a.b":"1","1e":"2"}`)), status: 204, stored: 1},
		{name: "metadata a string", body: values(entry(`"x"`, `"a"`)), status: 400},
		{name: "metadata null", body: values(entry(`"x"`, "null")), status: 400},
		{name: "metadata with a number", body: values(entry(`"x"`, `{"a":1}`)), status: 400},
		{name: "metadata with null", body: values(entry(`"x"`, `{"a":null}`)), status: 400},
		{name: "metadata nested", body: values(entry(`"x"`, `{"a":{"b":"c"}}`)), status: 400},
		{name: "metadata named _", body: values(entry(`"x"`, `{"_":"b"}`)), status: 500, text: "invalid name"},
		{name: "metadata named ..", body: values(entry(`"x"`, `{"..":"b"}`)), status: 500, text: "invalid name"},
		{name: "metadata named é", body: values(entry(`"x"`, `{"é":"b"}`)), status: 500, text: "invalid name"},
		{name: "metadata without a name", body: values(entry(`"x"`, `{"":"b"}`)), status: 500},
		{name: "metadata too large", body: values(entry(`"x"`, `{"a":"`+strings.Repeat("b", 64<<10)+`"}`), at(1, "y")), status: 400, text: "structured metadata too large", stored: 1},

		{name: "no labels", body: labelled(""), status: 400, text: "at least one label pair"},
		{name: "no stream", body: `{"streams":[{"values":[` + entry(`"x"`) + `]}]}`, status: 400, text: "at least one label pair"},
		{name: "only an empty label", body: labelled(`"a":""`), status: 400, text: "at least one label pair"},
		{name: "label a.b", body: labelled(`"a.b":"c"`), status: 400, text: "couldn't parse labels"},
		{name: "label a-b", body: labelled(`"a-b":"c"`), status: 400, text: "couldn't parse labels"},
		{name: "label 1a", body: labelled(`"1a":"c"`), status: 400, text: "couldn't parse labels"},
		{name: "label é", body: labelled(`"é":"c"`), status: 400, text: "couldn't parse labels"},
		{name: "label without a name", body: labelled(`"":"c"`), status: 400, text: "couldn't parse labels"},
		{name: "label a number", body: labelled(`"a":1`), status: 400, stricter: true},
		{name: "15 labels", body: labelled(numbered(15)), status: 204, stored: 1},
		{name: "15 labels and service_name", body: labelled(numbered(15) + `,"service_name":"x"`), status: 204, stored: 1},
		{name: "16 labels", body: labelled(numbered(16)), status: 400, text: "has 16 label names; limit 15"},
		{name: "label value too long", body: labelled(`"a":"` + strings.Repeat("b", 2049) + `"`), status: 400, text: "label value too long"},
		{name: "label name too long", body: labelled(`"` + strings.Repeat("a", 1025) + `":"b"`), status: 400, text: "label name too long"},
		{name: "an unparsable stream takes all with it", body: request(stream(`"a":"b"`, entry(`"x"`)), stream(`"a.b":"c"`, entry(`"x"`))), status: 400, text: "couldn't parse labels"},
		{name: "an invalid stream leaves the others", body: request(stream(numbered(16), entry(`"x"`)), stream(`"a":"b"`, entry(`"x"`))), status: 400, text: "16 label names", stored: 1},
		{name: "an unlabelled stream leaves the others", body: request(stream("", entry(`"x"`)), stream(`"a":"b"`, entry(`"x"`))), status: 400, text: "at least one label pair", stored: 1},

		{name: "too old", body: values(at(-8*day, "x"), at(0, "y")), status: 400, text: "entry for stream '{source=\"stytch\"}' has timestamp too old", stored: 1},
		{name: "two too old", body: values(at(-8*day, "x"), at(-8*day, "y")), status: 400, text: "2 errors like: entry for stream"},
		{name: "too new", body: values(at(11*time.Minute, "x"), at(0, "y")), status: 400, text: "timestamp too new", stored: 1},
		{name: "too long", body: values(at(0, strings.Repeat("x", 262145)), at(0, "y")), status: 400, text: "max entry size '262144' bytes exceeded", stored: 1},
		{name: "just short enough", body: values(at(0, strings.Repeat("x", 262144))), status: 204, stored: 1},
		{name: "too old and too long", body: values(at(-8*day, "x"), at(0, strings.Repeat("x", 262145))), status: 400, text: "; 1 errors like: "},
		{name: "too far behind", body: values(at(0, "x"), at(-2*time.Hour, "y"), at(-3*time.Hour, "z")), status: 400, text: "total ignored: 2 out of 3 for stream: {source=\"stytch\"}", stored: 1},
		{name: "ascending from far behind", body: values(at(-3*time.Hour, "z"), at(-2*time.Hour, "y"), at(0, "x")), status: 204, stored: 3},
		{name: "too far behind hides too old", body: values(at(0, "x"), at(-8*day, "old"), at(-2*time.Hour, "y")), status: 400, text: "total ignored: 1 out of 2", stored: 1},

		{name: "charset", body: ok, header: kind("application/json; charset=utf-8"), status: 204, stored: 1},
		{name: "upper case type", body: ok, header: kind("APPLICATION/JSON"), status: 204, stored: 1},
		{name: "another type", body: ok, header: kind("text/plain"), status: 400, text: "snappy: corrupt input"},
		{name: "no type", body: ok, header: kind("-"), status: 400, text: "mime: no media type"},
		{name: "malformed type", body: ok, header: kind("application/json; x"), status: 400, text: "mime: "},
		{name: "gzip", body: compressed(ok, gzipWriter), header: encoded("gzip"), status: 204, stored: 1},
		{name: "gzip without being it", body: ok, header: encoded("gzip"), status: 400, text: "gzip: invalid header"},
		{name: "gzip cut short", body: compressed(ok, gzipWriter)[:40], header: encoded("gzip"), status: 400, text: "unexpected EOF"},
		{name: "gzip without its end", body: compressed(ok, gzipWriter)[:len(compressed(ok, gzipWriter))-8], header: encoded("gzip"), status: 400, stricter: true},
		{name: "raw deflate", body: compressed(ok, rawWriter), header: encoded("deflate"), status: 204, stored: 1},
		{name: "zlib as deflate", body: compressed(ok, zlibWriter), header: encoded("deflate"), status: 400},
		{name: "GZIP", body: compressed(ok, gzipWriter), header: encoded("GZIP"), status: 400, text: `Content-Encoding "GZIP" not supported`},
		{name: "br", body: ok, header: encoded("br"), status: 400, text: `Content-Encoding "br" not supported`},
		{name: "zstd", body: ok, header: encoded("zstd"), status: 400, text: `Content-Encoding "zstd" not supported`},
		{name: "identity", body: ok, header: encoded("identity"), status: 400, text: `Content-Encoding "identity" not supported`},

		{name: "protobuf", body: protobuf(`{source="stytch", service_name="stytch.auth"}`), header: kind("application/x-protobuf"), status: 204, stored: 1},
		{name: "protobuf as snappy", body: protobuf(`{a="b"}`), header: map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}, status: 204, stored: 1},
		{name: "protobuf gzipped", body: compressed(protobuf(`{a="b"}`), gzipWriter), header: map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}, status: 204, stored: 1},
		{name: "protobuf without streams", body: string(encodeProtobuf()), header: kind("application/x-protobuf"), status: 422},
		{name: "protobuf label a.b", body: protobuf(`{a.b="c"}`), header: kind("application/x-protobuf"), status: 400, text: "couldn't parse labels"},
		{name: "protobuf without labels", body: protobuf(`{}`), header: kind("application/x-protobuf"), status: 400, text: "at least one label pair"},
		{name: "protobuf not snappy", body: "hello", header: kind("application/x-protobuf"), status: 400, text: "snappy: corrupt input"},
		{name: "protobuf empty", body: "", header: kind("application/x-protobuf"), status: 400, text: "snappy: corrupt input"},
	}
}
