package stytchreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.uber.org/multierr"
)

func TestRefusals(t *testing.T) {
	push := `{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}`
	for name, tc := range map[string]struct {
		path, body string
		header     []string
		code       int
		answer     string
	}{
		"malformed push":       {lokiPath, `{"streams":[`, jsonType, 400, "streams[0]: invalid JSON at byte 12: want an object\n"},
		"no streams":           {lokiPath, `{}`, jsonType, 422, "at least one stream is required\n"},
		"no type":              {lokiPath, push, nil, 400, "Content-Type \"\" is not supported: want application/json or application/x-protobuf\n"},
		"another type":         {lokiPath, push, []string{"Content-Type", "text/plain"}, 400, "Content-Type \"text/plain\" is not supported: want application/json or application/x-protobuf\n"},
		"not gzip":             {lokiPath, push, append([]string{"Content-Encoding", "gzip"}, jsonType...), 400, "reading the body: gzip: invalid header\n"},
		"cut gzip":             {lokiPath, zip(push)[:30], append([]string{"Content-Encoding", "gzip"}, jsonType...), 400, "reading the body: gzip: unexpected EOF\n"},
		"empty gzip":           {"/v1/events", "", []string{"Content-Encoding", "gzip"}, 400, `{"error":"reading the body: gzip: it is empty"}` + "\n"},
		"empty protobuf":       {lokiPath, "", []string{"Content-Type", "application/x-protobuf"}, 400, "reading the body: it is empty\n"},
		"unknown encoding":     {lokiPath, push, append([]string{"Content-Encoding", "br"}, jsonType...), 400, "Content-Encoding \"br\" is not supported: want gzip, snappy, deflate, zstd or no such header\n"},
		"encoding not allowed": {"/v1/events", "{}", []string{"Content-Encoding", "zstd"}, 400, `{"error":"Content-Encoding \"zstd\" is not among http::compression_algorithms"}` + "\n"},
		"no deflate here":      {"/v1/events", "{}", []string{"Content-Encoding", "deflate"}, 400, `{"error":"Content-Encoding \"deflate\" is not supported: want gzip, zstd or no such header"}` + "\n"},
		"too large":            {lokiPath, strings.Repeat(" ", 2000), jsonType, 413, "the body is larger than 1000 bytes\n"},
		"too large unzipped":   {"/v1/events", zip(strings.Repeat(" ", 100_000)), []string{"Content-Encoding", "gzip"}, 413, `{"error":"the body is larger than 1000 bytes"}` + "\n"},
		"empty":                {"/v1/events", " \n", nil, 400, `{"error":"the body is empty: want a JSON object, an array of objects, or an object on each line"}` + "\n"},
		"bad element":          {"/v1/events", `[{},{"a":1},3]`, nil, 400, `{"error":"element 2: invalid JSON at byte 12: want an object"}` + "\n"},
		"bad array":            {"/v1/events", `[{}`, nil, 400, `{"error":"invalid JSON at byte 3: want a comma or the end of the array"}` + "\n"},
		"text after the array": {"/v1/events", `[{}] {}`, nil, 400, `{"error":"invalid JSON at byte 5: text after the array"}` + "\n"},
		"bad line":             {"/v1/events", "{\n}\n\n{\"a\"}\n{}", nil, 400, `{"error":"line 4: invalid JSON at byte 9: want a colon"}` + "\n"},
		"bad first line":       {"/v1/events", "\nhello", nil, 400, `{"error":"line 2: invalid JSON at byte 1: want an object"}` + "\n"},
		"two on a line":        {"/v1/events", "{}\n{} {}", nil, 400, `{"error":"line 2: invalid JSON at byte 6: text after the object"}` + "\n"},
		"not UTF-8":            {"/v1/events", "{\"a\":\"\xff\"}", nil, 400, `{"error":"line 1: invalid JSON at byte 6: the string is not valid UTF-8"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil, func(cfg *Config) {
				cfg.HTTP.MaxRequestBodySize = 1000
				cfg.HTTP.CompressionAlgorithms = []string{"", "gzip"}
			})
			resp, answer := r.post(tc.path, tc.body, tc.header...)
			require.Equal(t, tc.code, resp.StatusCode, answer)
			require.Equal(t, tc.answer, answer)
			require.Empty(t, r.sink.AllLogs())
		})
	}
}

var jsonType = []string{"Content-Type", "application/json"}

func TestAnswersToPipelines(t *testing.T) {
	busy, broken := errors.New("queue is full"), consumererror.NewPermanent(errors.New("never"))
	for name, tc := range map[string]struct {
		err  error
		code int
	}{
		"taken":                 {nil, http.StatusAccepted},
		"refused for now":       {busy, http.StatusServiceUnavailable},
		"refused for ever":      {broken, http.StatusBadRequest},
		"wrapped":               {fmt.Errorf("pipeline: %w", broken), http.StatusBadRequest},
		"one of two for now":    {errors.Join(broken, busy), http.StatusServiceUnavailable},
		"two of two for ever":   {errors.Join(broken, fmt.Errorf("x: %w", broken)), http.StatusBadRequest},
		"for ever, of parts":    {consumererror.NewPermanent(errors.Join(busy, busy)), http.StatusBadRequest},
		"as the fan-out joins":  {multierr.Append(broken, busy), http.StatusServiceUnavailable},
		"and all for ever":      {multierr.Append(broken, broken), http.StatusBadRequest},
		"nested joins, one now": {fmt.Errorf("x: %w", errors.Join(broken, errors.Join(broken, busy))), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, consumertest.NewErr(tc.err), nil)
			resp, answer := r.post("/v1/events", `{}`)
			require.Equal(t, tc.code, resp.StatusCode, answer)
			if tc.code == http.StatusServiceUnavailable {
				require.Equal(t, "5", resp.Header.Get("Retry-After"))
			}
		})
	}
}

func TestReadyAndUnknownRoutes(t *testing.T) {
	r := start(t, nil, func(cfg *Config) {
		cfg.Events = configoptional.None[EventsConfig]()
	})
	for path, want := range map[string]int{"/ready": 200, lokiPath: 405, "/v1/events": 404, "/": 404} {
		resp, err := http.Get(r.url + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, resp.StatusCode, path)
		if want == http.StatusMethodNotAllowed {
			require.Equal(t, "POST", resp.Header.Get("Allow"))
		}
	}
}
