package stytchreceiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/lokicases"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

func FuzzLokiJSON(f *testing.F) {
	for _, c := range lokicases.Cases(time.Now()) {
		f.Add([]byte(c.Body), c.Header["Content-Encoding"])
	}
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		line, _ := json.Marshal(e.JSON)
		f.Add([]byte(`{"streams":[{"stream":{"a":"b"},"values":[["1772600767089123000",`+string(line)+`,{"k":"v"}]]}]}`), "")
	}
	f.Add(encoded(f, "zstd", 100, "{}"), "zstd")
	f.Add(encoded(f, "deflate", 100, "{}"), "deflate")
	fuzzed := newFuzzed(f)
	header := func(encoding string) http.Header {
		return http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {encoding}}
	}
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		records, taken := fuzzed.send(t, lokiPath, body, header(encoding))
		if !taken {
			return
		}
		if encoding == "" && json.Valid(body) && utf8.Valid(body) { // encoding/json would mend it
			requireEntries(t, oracleJSON(t, body), records)
		}
		if len(records) == 0 {
			return
		}
		// What arrived, sent again, arrives the same.
		var values []string
		var want []entry
		for _, lr := range records {
			want = append(want, entry{ns: int64(lr.Timestamp()), line: lr.Body().Str()})
			values = append(values, fmt.Sprintf(`["%d",%s]`, lr.Timestamp(), quoteBytes(lr.Body().Str())))
		}
		again := `{"streams":[{"stream":{"a":"b"},"values":[` + strings.Join(values, ",") + `]}]}`
		if len(again) <= fuzzLimit {
			records, taken = fuzzed.send(t, lokiPath, []byte(again), header(""))
			require.True(t, taken)
			requireEntries(t, want, records)
		}
	})
}

// quoteBytes quotes s and leaves bytes that are not valid UTF-8 as they are.
func quoteBytes(s string) string {
	quoted := []byte{'"'}
	for _, c := range []byte(s) {
		switch {
		case c == '"', c == '\\':
			quoted = append(quoted, '\\', c)
		case c < ' ':
			quoted = fmt.Appendf(quoted, `\u%04x`, c)
		default:
			quoted = append(quoted, c)
		}
	}
	return string(append(quoted, '"'))
}

// oracleJSON reads a push by encoding/json.
func oracleJSON(t *testing.T, body []byte) (all []entry) {
	t.Helper()
	var request struct {
		Streams []map[string]json.RawMessage
	}
	var root map[string]json.RawMessage // a struct's fields match in any case
	require.NoError(t, json.Unmarshal(body, &root))
	require.NoError(t, json.Unmarshal(root["streams"], &request.Streams))
	for _, stream := range request.Streams {
		var values [][]json.RawMessage
		if raw := stream["values"]; raw != nil {
			require.NoError(t, json.Unmarshal(raw, &values))
		}
		for _, value := range values {
			var e entry
			require.GreaterOrEqual(t, len(value), 2)
			var err error
			e.ns, err = strconv.ParseInt(strings.Trim(string(value[0]), `"`), 10, 64)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(value[1], &e.line))
			if len(value) > 2 {
				require.NoError(t, json.Unmarshal(value[2], &e.metadata))
			}
			all = append(all, e)
		}
	}
	return all
}

func FuzzLokiProtobuf(f *testing.F) {
	for _, e := range append(testdata.Events(), testdata.OtherLines()...) {
		body, err := (&push.PushRequest{Streams: []push.Stream{{Labels: `{a="b", c="\u00e9"}`, Entries: []push.Entry{
			{Timestamp: testdata.Instant, Line: e.JSON, StructuredMetadata: push.LabelsAdapter{{Name: "k", Value: "v"}}},
		}}}}).Marshal()
		require.NoError(f, err)
		f.Add(body, false)
		f.Add(snappy.Encode(nil, body), true)
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3}, true)
	fuzzed := newFuzzed(f)
	header := http.Header{"Content-Type": {"application/x-protobuf"}}
	f.Fuzz(func(t *testing.T, body []byte, block bool) {
		if !block {
			body = snappy.Encode(nil, body)
		}
		records, taken := fuzzed.send(t, lokiPath, body, header)
		if !taken {
			return
		}
		plain, err := snappy.Decode(nil, body)
		require.NoError(t, err)
		var oracle push.PushRequest
		if err := oracle.Unmarshal(plain); err != nil {
			return // it checks fields that are passed over here
		}
		var want []entry
		for _, s := range oracle.Streams {
			for _, e := range s.Entries {
				one := entry{e.Timestamp.UnixNano(), e.Line, map[string]string{}}
				for _, pair := range e.StructuredMetadata {
					one.metadata[pair.Name] = pair.Value
				}
				want = append(want, one)
			}
		}
		requireEntries(t, want, records)
	})
}

// entry is an entry as another decoder reads it.
type entry struct {
	ns       int64
	line     string
	metadata map[string]string
}

// requireEntries finds the entries among the records, each as it is.
func requireEntries(t *testing.T, want []entry, records []plog.LogRecord) {
	t.Helper()
	require.Len(t, records, len(want))
	left := map[string][]plog.LogRecord{}
	for _, lr := range records {
		left[lr.Body().Str()] = append(left[lr.Body().Str()], lr)
	}
	for _, e := range want { // a stream's order stands within each project
		same := left[e.line]
		require.NotEmpty(t, same, "%q is missing", e.line)
		lr := same[0]
		left[e.line] = same[1:]
		require.Equal(t, e.ns, int64(lr.Timestamp()))
		for name, value := range e.metadata {
			if got, _ := lr.Attributes().Get(name); !strings.HasPrefix(name, "stytch.") && name != "http.response.status_code" {
				require.Equal(t, value, got.Str(), name)
			}
		}
	}
}
