package stytchreceiver

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/lokicases"
)

// differs is where loki_push answers otherwise than Loki, on purpose.
type differs struct {
	status int
	events int // that arrive
	why    string
}

const (
	destinations = "a limit of one Loki's configuration: the destinations judge by theirs, and each event arrives there"
	wholly       = "a request is taken whole or refused whole, so that a sender knows what was stored"
)

var onPurpose = map[string]differs{
	"repeated in one request":                {204, 2, "`deduplicate` of the processor makes repeats single, for those who ask for it"},
	"invalid UTF-8":                          {204, 1, "as Loki, which the stand-in is stricter than: what a line holds is kept byte for byte"},
	"one element":                            {400, 0, "Loki drops the entry in silence; nothing is to be dropped in silence"},
	"metadata named _":                       {204, 1, "Loki fails over names that it cannot rewrite; they are good attribute names"},
	"metadata named ..":                      {204, 1, "Loki fails over names that it cannot rewrite; they are good attribute names"},
	"metadata named é":                       {204, 1, "Loki fails over names that it cannot rewrite; they are good attribute names"},
	"metadata without a name":                {400, 0, "a bad input is never a 5xx, which would be sent for ever"},
	"metadata too large":                     {204, 2, destinations},
	"zlib as deflate":                        {204, 1, "beyond Loki: it is what HTTP calls deflate"},
	"16 labels":                              {204, 1, destinations},
	"label value too long":                   {204, 1, destinations},
	"label name too long":                    {204, 1, destinations},
	"too old":                                {204, 2, destinations},
	"two too old":                            {204, 2, destinations},
	"too new":                                {204, 2, destinations},
	"too long":                               {204, 2, destinations},
	"too old and too long":                   {204, 2, destinations},
	"too far behind":                         {204, 3, destinations},
	"an invalid stream leaves the others":    {204, 2, destinations},
	"an unlabelled stream leaves the others": {400, 0, wholly},
	"too far behind hides too old":           {204, 3, destinations},
}

// TestLokiTable holds loki_push against what a real Loki was measured to
// answer. That the table still tells so, TestLokiAnswers of testkit/standin checks
// where LOKI_URL is set.
func TestLokiTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range lokicases.Cases(time.Now()) {
		t.Run(c.Name, func(t *testing.T) {
			want := differs{status: c.Status, events: c.Stored}
			if ours, ok := onPurpose[c.Name]; ok {
				require.NotEmpty(t, ours.why)
				want = ours
			}
			seen[c.Name] = true
			r := start(t, nil, nil)
			header := []string{"Content-Type", "application/json"}
			for name, value := range c.Header {
				header = append(header, name, strings.TrimPrefix(value, "-"))
			}
			resp, answer := r.post(lokiPath, c.Body, header...)
			require.Equal(t, want.status, resp.StatusCode, answer)
			require.Equal(t, want.events, r.sink.LogRecordCount())
			if want.status == http.StatusNoContent {
				require.Empty(t, answer)
			} else {
				require.Equal(t, "text/plain; charset=utf-8", resp.Header.Get("Content-Type"))
				require.Regexp(t, `^.+\n$`, answer)
			}
		})
	}
	for name := range onPurpose {
		require.True(t, seen[name], name)
	}
}

// TestLokiRows is what the table of pushes cannot tell: other methods, headers
// and sizes.
func TestLokiRows(t *testing.T) {
	body := `{"streams":[{"stream":{"a":"b"},"values":[["1772600767089123000","x"]]}]}`
	large := push.Stream{Labels: `{a="b"}`, Entries: []push.Entry{{Timestamp: time.Unix(1, 0), Line: strings.Repeat("x", 5000)}}}
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	labelled := func(labels string) io.Reader { return bytes.NewReader(lokicases.Protobuf(push.Stream{Labels: labels})) }
	for name, tc := range map[string]struct {
		method string
		body   io.Reader
		header []string // over application/json
		loki   int
		ours   int
		why    string
	}{
		"chunked":              {"POST", io.MultiReader(strings.NewReader(body)), nil, 204, 204, ""},
		"GET":                  {"GET", nil, nil, 405, 405, ""},
		"PUT":                  {"PUT", strings.NewReader(body), nil, 405, 405, ""},
		"zstd":                 {"POST", bytes.NewReader(encoder.EncodeAll([]byte(body), nil)), []string{"Content-Encoding", "zstd"}, 400, 204, "beyond Loki: it costs senders less than gzip"},
		"protobuf as zstd":     {"POST", bytes.NewReader(encoder.EncodeAll(lokicases.Protobuf(push.Stream{Labels: `{a="b"}`}), nil)), []string{"Content-Encoding", "zstd", "Content-Type", "application/x-protobuf"}, 400, 204, "as for JSON"},
		"plain JSON as snappy": {"POST", strings.NewReader(body), []string{"Content-Encoding", "snappy"}, 204, 400, "Loki overlooks the header; a body is to be what its header says"},
		"text with protobuf":   {"POST", bytes.NewReader(lokicases.Protobuf(push.Stream{Labels: `{a="b"}`})), []string{"Content-Type", "text/plain"}, 204, 400, "Loki takes every other type for protobuf; whoever forgets the header should read so"},
		"JSON too large":       {"POST", strings.NewReader(strings.Repeat(" ", 1001)), nil, 400, 413, "the code that tells a sender to send less"},
		"protobuf too large":   {"POST", bytes.NewReader(lokicases.Protobuf(large)), []string{"Content-Type", "application/x-protobuf"}, 413, 413, ""},
		"a label that is null": {"POST", strings.NewReader(strings.Replace(body, `"b"`, "null", 1)), nil, 204, 400, "Loki takes it for an empty one; a label is text"},
		"a quoted label name":  {"POST", labelled(`{"a"="b"}`), []string{"Content-Type", "application/x-protobuf"}, 204, 400, "no sender writes them: they are for names that Loki's JSON refuses"},
		"single quotes":        {"POST", labelled("{a='b'}"), []string{"Content-Type", "application/x-protobuf"}, 204, 400, "no sender writes them"},
		"a label twice":        {"POST", labelled(`{a="b", a="b"}`), []string{"Content-Type", "application/x-protobuf"}, 400, 400, ""},
		"half a pair":          {"POST", strings.NewReader(strings.Replace(body, `"x"`, `"\ud800"`, 1)), nil, 400, 400, ""},
		"control character":    {"POST", strings.NewReader(strings.Replace(body, `"x"`, "\"\n\"", 1)), nil, 400, 400, ""},
		"nested too deeply":    {"POST", strings.NewReader(`{"x":` + strings.Repeat("[", 900)), nil, 400, 400, ""},
		"byte order mark":      {"POST", strings.NewReader("\ufeff" + body), nil, 400, 400, ""},
		"no tenant":            {"POST", strings.NewReader(body), nil, 401, 204, "a collector has no tenants; who may push is told by http::auth"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.loki == tc.ours, tc.why == "")
			r := start(t, nil, func(cfg *Config) { cfg.HTTP.MaxRequestBodySize = 1000 })
			req, err := http.NewRequestWithContext(t.Context(), tc.method, r.url+lokiPath, tc.body)
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(tc.header); i += 2 {
				req.Header.Set(tc.header[i], tc.header[i+1])
			}
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, tc.ours, resp.StatusCode, string(answer))
			if tc.ours == http.StatusMethodNotAllowed {
				require.Equal(t, "POST", resp.Header.Get("Allow"))
			}
		})
	}
}
