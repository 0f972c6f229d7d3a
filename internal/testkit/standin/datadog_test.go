package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

func TestDatadogAnswers(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	array := func(n int, object string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(object+",", n), ",") + "]"
	}
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	ok := `[{"a":1.50},{"b":[]}]`
	for _, c := range []struct {
		name   string
		body   string
		header map[string]string // over the right key and Content-Type: application/json
		query  string
		status int
		text   string
		logs   []string
	}{
		{name: "array", body: ok, status: 202, text: "{}", logs: []string{`{"a":1.50}`, `{"b":[]}`}},
		{name: "object", body: ` {"a": 1e400 } `, status: 202, logs: []string{`{"a": 1e400 }`}},
		{name: "empty object", body: `{}`, status: 202, logs: []string{`{}`}},
		{name: "white space around", body: "\r\n[ {} ,\t{ } ] \n", status: 202, logs: []string{`{}`, `{ }`}},
		{name: "an event's duplicate keys", body: `{"a":1,"a":2}`, status: 202, logs: []string{`{"a":1,"a":2}`}},
		{name: "reserved members nested", body: `{"service":"x","a":{"service":1,"service":2}}`, status: 202, logs: []string{`{"service":"x","a":{"service":1,"service":2}}`}},
		{name: "1000 logs", body: array(1000, `{}`), status: 202, logs: strings.Split(strings.Repeat(`{}`+"\n", 999)+`{}`, "\n")},

		{name: "no key", body: ok, header: map[string]string{"DD-API-KEY": "-"}, status: 401, text: `"errors":[{"detail":"DD-API-KEY is missing"`},
		{name: "wrong key", body: ok, header: map[string]string{"DD-API-KEY": "x"}, status: 403, text: `"errors":[{"detail":"DD-API-KEY is wrong"`},
		{name: "another type", body: ok, header: map[string]string{"Content-Type": "text/plain"}, status: 400, text: "Content-Type must be"},
		{name: "tags in the URL", body: ok, query: "?ddtags=a:b", status: 400, text: "not in the URL"},

		{name: "empty", body: "", status: 400, text: "EOF"},
		{name: "null", body: "null", status: 400},
		{name: "number", body: "1", status: 400},
		{name: "array of a string", body: `["x"]`, status: 400, text: "log 0: "},
		{name: "array of an array", body: `[{},[]]`, status: 400, text: "log 1: "},
		{name: "comma at the end", body: `[{},]`, status: 400, text: "log 1: "},
		{name: "comma missing", body: `[{} {}]`, status: 400},
		{name: "comma after a member", body: `{"a":1,}`, status: 400},
		{name: "not closed", body: `[{}`, status: 400},
		{name: "bytes after an array", body: `[{}]]`, status: 400, text: "more after the JSON"},
		{name: "two objects", body: `{}{}`, status: 400, text: "more after the JSON"},
		{name: "leading zero", body: `{"a":01}`, status: 400},
		{name: "raw control character", body: "{\"a\":\"\n\"}", status: 400},
		{name: "invalid UTF-8", body: "{\"a\":\"\xff\"}", status: 400, text: "UTF-8"},
		{name: "ddsource twice", body: `[{},{"ddsource":"a","ddsource":"a"}]`, status: 400, text: `log 1: reserved member \"ddsource\" is there twice`},
		{name: "ddtags twice, once escaped", body: `{"ddtags":"a","dd\u0074ags":"b"}`, status: 400, text: `reserved member \"ddtags\" is there twice`},
		{name: "1001 logs", body: array(1001, `{}`), status: 413, text: "1001 logs in one payload"},
		{name: "5,000,000 bytes", body: `{"a":"` + strings.Repeat("x", 5_000_000-8) + `"}`, status: 202, logs: []string{`{"a":"` + strings.Repeat("x", 5_000_000-8) + `"}`}},
		{name: "5,000,001 bytes", body: `{"a":"` + strings.Repeat("x", 5_000_000-7) + `"}`, status: 413, text: "limit: 5000000 bytes"},
		{name: "5,000,001 bytes gzipped", body: compressed(`{"a":"`+strings.Repeat("x", 5_000_000-7)+`"}`, gzipWriter), header: map[string]string{"Content-Encoding": "gzip"}, status: 413},

		{name: "gzip", body: compressed(ok, gzipWriter), header: map[string]string{"Content-Encoding": "gzip"}, status: 202, logs: []string{`{"a":1.50}`, `{"b":[]}`}},
		{name: "zlib as deflate", body: compressed(ok, zlibWriter), header: map[string]string{"Content-Encoding": "deflate"}, status: 202, logs: []string{`{"a":1.50}`, `{"b":[]}`}},
		{name: "zstd", body: string(encoder.EncodeAll([]byte(ok), nil)), header: map[string]string{"Content-Encoding": "zstd"}, status: 202, logs: []string{`{"a":1.50}`, `{"b":[]}`}},
		{name: "identity", body: ok, header: map[string]string{"Content-Encoding": "identity"}, status: 202, logs: []string{`{"a":1.50}`, `{"b":[]}`}},
		{name: "raw deflate", body: compressed(ok, rawWriter), header: map[string]string{"Content-Encoding": "deflate"}, status: 400, text: "zlib: invalid header"},
		{name: "zlib and more", body: compressed(ok, zlibWriter) + "x", header: map[string]string{"Content-Encoding": "deflate"}, status: 400, text: "1 bytes after the compressed body"},
		{name: "gzip cut short", body: compressed(ok, gzipWriter)[:20], header: map[string]string{"Content-Encoding": "gzip"}, status: 400, text: "unexpected EOF"},
		{name: "snappy", body: ok, header: map[string]string{"Content-Encoding": "snappy"}, status: 400, text: "not supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			datadog := NewDatadog(key)
			server := httptest.NewServer(datadog)
			defer server.Close()
			header := map[string]string{"DD-API-KEY": key, "Content-Type": "application/json"}
			for name, value := range c.header {
				header[name] = value
			}
			answer, body := do(t, http.MethodPost, server.URL+DatadogLogsPath+c.query, c.body, header)
			require.Equal(t, c.status, answer.StatusCode, body)
			require.Contains(t, body, c.text)
			require.True(t, json.Valid([]byte(body)), body)
			require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
			var raw []string
			for _, log := range datadog.Logs() {
				raw = append(raw, string(log.Raw))
			}
			require.Equal(t, c.logs, raw)
		})
	}
}

func TestDatadogOtherPaths(t *testing.T) {
	server := httptest.NewServer(NewDatadog("key"))
	defer server.Close()
	for _, c := range []struct {
		method, path, key string
		status            int
		body              string
	}{
		{http.MethodGet, DatadogValidatePath, "key", 200, `{"valid":true}`},
		{http.MethodGet, DatadogValidatePath, "other", 403, `{"errors":["Forbidden"]}`},
		{http.MethodGet, DatadogValidatePath, "-", 403, `{"errors":["Forbidden"]}`},
		{http.MethodPost, DatadogValidatePath, "key", 405, `no such method`},
		{http.MethodGet, DatadogLogsPath, "key", 405, `no such method`},
		{http.MethodPost, "/v1/input", "key", 404, `no such path`},
	} {
		answer, body := do(t, c.method, server.URL+c.path, "", map[string]string{"DD-API-KEY": c.key})
		require.Equal(t, c.status, answer.StatusCode, c)
		require.Contains(t, body, c.body)
	}
}

func TestDatadogKeeps(t *testing.T) {
	now := time.Now()
	datadog := NewDatadog("key")
	var accepted int
	datadog.Tell(func(logs []Log) { accepted += len(logs) })
	server := httptest.NewServer(datadog)
	defer server.Close()
	at := func(d time.Duration) int64 { return now.Add(d).UnixMilli() }
	body := "[" + strings.Join([]string{
		`{"z":-0,"ddsource":"stytch","a":12345678901234567890,"\u0061":null}`,
		fmt.Sprintf(`{"timestamp":%d}`, at(-17*time.Hour)),
		fmt.Sprintf(`{"timestamp":%d}`, at(-19*time.Hour)),
		fmt.Sprintf(`{"timestamp":%d}`, at(3*time.Hour)),
		fmt.Sprintf(`{"time":"ignored","_timestamp":%d}`, at(-19*time.Hour)),
		fmt.Sprintf(`{"timestamp":%q,"_timestamp":1}`, now.UTC().Format(time.RFC3339Nano)),
		`{"message":"` + strings.Repeat("x", 1_000_000) + `"}`,
	}, ",") + "]"
	answer, text := do(t, http.MethodPost, server.URL+DatadogLogsPath, body, map[string]string{"DD-API-KEY": "key", "Content-Type": "application/json"})
	require.Equal(t, http.StatusAccepted, answer.StatusCode, text)

	logs := datadog.Logs()
	require.Len(t, logs, 7)
	require.Equal(t, 7, accepted)
	require.Equal(t, []Member{
		{"z", json.RawMessage(`-0`)},
		{"ddsource", json.RawMessage(`"stytch"`)},
		{"a", json.RawMessage(`12345678901234567890`)},
		{"a", json.RawMessage(`null`)},
	}, logs[0].Members)
	require.Equal(t, "stytch", logs[0].Text("ddsource"))
	require.Empty(t, logs[0].Text("z"))
	value, ok := logs[0].Value("a")
	require.True(t, ok)
	require.Equal(t, "null", string(value), "the last one counts")
	_, ok = logs[0].Value("b")
	require.False(t, ok)
	for i, log := range logs {
		require.WithinDuration(t, now, log.Arrived, time.Minute)
		require.Equal(t, i == 2 || i == 3 || i == 4, log.Lost, "log %d", i)
		require.Equal(t, i == 6, log.Truncated, "log %d", i)
	}
}
