package stytchreceiver

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// encoded returns n bytes of white space and then tail, compressed.
func encoded(t testing.TB, encoding string, n int, tail string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w, err = flate.NewWriter(&b, flate.DefaultCompression)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	case "snappy":
		return snappy.Encode(nil, append(bytes.Repeat([]byte(" "), n), tail...))
	}
	require.NoError(t, err)
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for ; n > 0; n -= len(blanks) {
		_, err := w.Write(blanks[:min(n, len(blanks))])
		require.NoError(t, err)
	}
	_, err = io.WriteString(w, tail)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// TestSizeLimit goes around the limit, and around the sizes of the buffers, in
// each encoding and with used decoders.
func TestSizeLimit(t *testing.T) {
	const limit = 300_000
	push := `{"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]}`
	r := start(t, nil, func(cfg *Config) { cfg.HTTP.MaxRequestBodySize = limit })
	for _, encoding := range []string{"", "gzip", "deflate", "zstd", "snappy"} {
		for size, code := range map[int]int{
			len(push): 204, firstBuffer - 1: 204, firstBuffer: 204, firstBuffer + 1: 204, 2*firstBuffer + 1: 204,
			limit - 1: 204, limit: 204, limit + 1: 413, 2 * limit: 413, 50 * limit: 413,
		} {
			body := strings.Repeat(" ", size-len(push)) + push
			if encoding != "" {
				body = string(encoded(t, encoding, size-len(push), push))
			}
			resp, answer := r.post(lokiPath, body, "Content-Type", "application/json", "Content-Encoding", encoding)
			require.Equal(t, code, resp.StatusCode, "%s, %d bytes: %s", encoding, size, answer)
			if code == 413 {
				require.Equal(t, "the body is larger than 300000 bytes\n", answer)
			}
		}
	}
	require.Equal(t, 5*7, r.sink.LogRecordCount())
}

// handler is a started receiver's handler without its network.
func handler(t testing.TB, change func(*Config)) (*stytchReceiver, http.Handler) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if change != nil {
		change(cfg)
	}
	rcv := newTestReceiver(t, cfg)
	limit := cfg.HTTP.MaxRequestBodySize
	if limit <= 0 {
		limit = defaultMaxRequestBodySize
	}
	routes, err := rcv.routes(nil, limit)
	require.NoError(t, err)
	return rcv, http.MaxBytesHandler(routes, limit) // as confighttp has it
}

const partSize = 16 << 20

// part returns compressed blanks that can stand again and again.
func part(t *testing.T, encoding string) []byte {
	t.Helper()
	if encoding != "deflate" {
		return encoded(t, encoding, partSize, "") // a gzip member, a zstd frame
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	require.NoError(t, err)
	_, err = w.Write(bytes.Repeat([]byte(" "), partSize))
	require.NoError(t, err)
	require.NoError(t, w.Flush()) // not its last block
	return b.Bytes()
}

// A bomb is refused at the cost of no more memory than the limit, whichever way
// it is packed. All that is allocated counts here, freed or not: up to 2.5 times the
// limit, since the size that the body tells is tried first, and zstd grows its room
// by a quarter before it gives up.
func TestBomb(t *testing.T) {
	const decompressed = 256 << 20
	const overhead = 2 << 20 // what was read, in pieces and joined, and the decoders: the pools may be empty
	_, routes := handler(t, nil)
	for _, encoding := range []string{"gzip", "deflate", "zstd"} {
		bomb := bytes.Repeat(part(t, encoding), decompressed/partSize)
		req := httptest.NewRequest(http.MethodPost, lokiPath, bytes.NewReader(bomb))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Content-Encoding", encoding)
		rec := httptest.NewRecorder()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		routes.ServeHTTP(rec, req)
		runtime.ReadMemStats(&after)
		require.Equal(t, http.StatusRequestEntityTooLarge, rec.Code, rec.Body.String())
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d bytes on the wire, %.1f MiB allocated", encoding, len(bomb), float64(allocated)/(1<<20))
		require.Less(t, allocated, uint64(5*defaultMaxRequestBodySize/2+overhead), encoding)
	}
}

// A snappy block tells its size at its start. What it cannot decompress to is
// refused before it is allocated.
func TestSnappyBomb(t *testing.T) {
	_, routes := handler(t, nil)
	req := httptest.NewRequest(http.MethodPost, lokiPath, bytes.NewReader([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3}))
	req.Header.Set("Content-Type", "application/x-protobuf")
	rec := httptest.NewRecorder()
	routes.ServeHTTP(rec, req)
	require.Equal(t, http.StatusBadRequest, rec.Code)
	require.Equal(t, "reading the body: snappy: 8 bytes cannot decompress to 4294967295\n", rec.Body.String())
}

func TestEventsLimit(t *testing.T) {
	r := start(t, nil, func(cfg *Config) { cfg.MaxEventsPerRequest = 3 })
	const tooMany = "the request holds more than 3 events or streams, which is max_events_per_request: send fewer at a time"
	values := func(n int) string {
		return `{"streams":[{"stream":{"a":"b"},"values":[` + strings.Repeat(`["1","x"],`, n-1) + `["1","x"]]}]}`
	}
	for _, tc := range []struct {
		path, body, answer string
		code               int
	}{
		{lokiPath, values(3), "", 204},
		{lokiPath, values(4), tooMany + "\n", 413},
		{"/v1/events", "{}\n{}\n{}\n", "", 202},
		{"/v1/events", "{}\n{}\n{}\n{}", `{"error":"line 4: ` + tooMany + `"}` + "\n", 413},
		{"/v1/events", "[{},{},{},{}]", `{"error":"element 3: ` + tooMany + `"}` + "\n", 413},
	} {
		resp, answer := r.post(tc.path, tc.body, jsonType...)
		require.Equal(t, tc.code, resp.StatusCode, answer)
		require.Equal(t, tc.answer, answer)
	}
	require.Equal(t, 6, r.sink.LogRecordCount())
}

// Depth and names without end are refused in time that grows with the body.
func TestHostileBodies(t *testing.T) {
	r := start(t, nil, nil)
	nested := strings.Repeat(`{"a":[`, 1<<20)
	var names strings.Builder
	for i := range 500_000 {
		fmt.Fprintf(&names, `"n%d":"",`, i)
	}
	for name, tc := range map[string]struct{ path, body string }{
		"nested event":         {"/v1/events", nested},
		"nested value in push": {lokiPath, `{"x":` + nested},
		"nested push":          {lokiPath, `{"streams":` + strings.Repeat("[", 1<<20)},
		"labels without end":   {lokiPath, `{"streams":[{"stream":{` + names.String()},
		"metadata without end": {lokiPath, `{"streams":[{"stream":{"a":"b"},"values":[["1","x",{` + names.String()},
	} {
		begin := time.Now()
		resp, answer := r.post(tc.path, tc.body, jsonType...)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, name)
		require.Less(t, len(answer), 300, name)
		require.Less(t, time.Since(begin), 5*time.Second, name)
	}
}

// TestSlowSender sends a byte now and then: it is told so at the read timeout.
func TestSlowSender(t *testing.T) {
	const timeout = 300 * time.Millisecond
	for _, encoding := range []string{"", "gzip", "deflate", "zstd"} {
		r := start(t, nil, func(cfg *Config) { cfg.HTTP.ReadTimeout = timeout })
		body := []byte(strings.Repeat(" ", 1000))
		if encoding != "" {
			body = encoded(t, encoding, 1_000_000, "{}")
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		begin := time.Now()
		_, err = fmt.Fprintf(conn, "POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: %s\r\nContent-Length: 100000\r\n\r\n", encoding)
		require.NoError(t, err)
		go func() {
			for _, c := range body {
				if _, err := conn.Write([]byte{c}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, encoding)
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestTimeout, resp.StatusCode, "%s: %s", encoding, answer)
		require.Equal(t, "the body did not arrive in time\n", string(answer))
		require.InDelta(t, timeout.Seconds(), time.Since(begin).Seconds(), 0.5)
		r.requireCounts("otelcol_receiver_stytch_refused_requests",
			metricdata.DataPoint[int64]{Value: 1, Attributes: refusedAttr("loki_push", "timeout")})
	}
}
