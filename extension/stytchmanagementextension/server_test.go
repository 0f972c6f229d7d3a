package stytchmanagementextension

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// Every answer is JSON, whatever is asked: send checks its form. 401 comes before
// whatever else there is to say.
func TestErrorsAreJSON(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	large := strings.Repeat(" ", maxBodySize+1)
	for name, tc := range map[string]struct {
		method, path, body, encoding string
		status                       int
		kind, allow                  string
	}{
		"no project":           {method: "GET", path: strings.Replace(base, "acme", "other", 1) + "/DATADOG", status: 404, kind: "project_not_found"},
		"no environment":       {method: "GET", path: strings.Replace(base, "production", "test", 1) + "/DATADOG", status: 404, kind: "project_not_found"},
		"no stream":            {method: "GET", path: base + "/DATADOG", status: 404, kind: "event_log_streaming_not_found"},
		"update of none":       {method: "PUT", path: base + "/DATADOG", body: createBody, status: 404, kind: "event_log_streaming_not_found"},
		"enable of none":       {method: "POST", path: base + "/DATADOG/enable", status: 404, kind: "event_log_streaming_not_found"},
		"disable of none":      {method: "POST", path: base + "/DATADOG/disable", status: 404, kind: "event_log_streaming_not_found"},
		"delete of none":       {method: "DELETE", path: base + "/DATADOG", status: 404, kind: "event_log_streaming_not_found"},
		"no destination type":  {method: "GET", path: base + "/SPLUNK", status: 404, kind: "event_log_streaming_not_found"},
		"another case":         {method: "GET", path: base + "/datadog", status: 404, kind: "event_log_streaming_not_found"},
		"the older API":        {method: "GET", path: "/v1/projects/x/event_log_streaming", status: 404, kind: "route_not_found"},
		"another call of PWA":  {method: "GET", path: "/pwa/v3/projects", status: 404, kind: "route_not_found"},
		"pwa alone":            {method: "GET", path: "/pwa", status: 404, kind: "route_not_found"},
		"streaming alone":      {method: "GET", path: "/streaming/", status: 404, kind: "route_not_found"},
		"slash at the end":     {method: "GET", path: base + "/DATADOG/", status: 404, kind: "route_not_found"},
		"two slashes":          {method: "GET", path: "//pwa/v3", status: 404, kind: "route_not_found"},
		"dots":                 {method: "GET", path: "/pwa/v3/../v4", status: 404, kind: "route_not_found"},
		"dots out":             {method: "GET", path: "/pwa/../../etc/passwd", status: 404, kind: "route_not_found"},
		"encoded dots":         {method: "GET", path: "/pwa/%2e%2e/x", status: 404, kind: "route_not_found"},
		"encoded slash":        {method: "GET", path: strings.Replace(base, "acme", "ac%2Fme", 1) + "/DATADOG", status: 404, kind: "project_not_found"},
		"list":                 {method: "GET", path: base, status: 405, kind: "method_not_allowed", allow: "POST"},
		"patch":                {method: "PATCH", path: base + "/DATADOG", status: 405, kind: "method_not_allowed", allow: "DELETE, GET, HEAD, PUT"},
		"get of a switch":      {method: "GET", path: base + "/DATADOG/enable", status: 405, kind: "method_not_allowed", allow: "POST"},
		"options":              {method: "OPTIONS", path: base, status: 405, kind: "method_not_allowed", allow: "POST"},
		"trace":                {method: "TRACE", path: base, status: 405, kind: "method_not_allowed", allow: "POST"},
		"unknown method":       {method: "BREW", path: base, status: 405, kind: "method_not_allowed", allow: "POST"},
		"large body":           {method: "POST", path: base, body: large, status: 413, kind: "request_too_large"},
		"large body, ignored":  {method: "POST", path: base + "/DATADOG/enable", body: large, status: 413, kind: "request_too_large"},
		"large body of no one": {method: "POST", path: "/pwa/x", body: large, status: 413, kind: "request_too_large"},
		"no body":              {method: "POST", path: base, status: 400, kind: "invalid_argument"},
		"no JSON":              {method: "POST", path: base, body: "a=b", status: 400, kind: "invalid_argument"},
		"unknown encoding":     {method: "POST", path: base, body: createBody, encoding: "br", status: 400, kind: "invalid_argument"},
		"no gzip":              {method: "POST", path: base, body: createBody, encoding: "gzip", status: 400, kind: "invalid_argument"},
		"gzip cut short":       {method: "POST", path: base, body: gzipped(createBody)[:40], encoding: "gzip", status: 400, kind: "invalid_argument"},
		"large when unpacked":  {method: "POST", path: base, body: gzipped(large), encoding: "gzip", status: 413, kind: "request_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			request := func() *http.Request {
				req := httptest.NewRequest(tc.method, "/", strings.NewReader(tc.body))
				path, query, _ := strings.Cut(tc.path, "?")
				req.URL.RawPath, req.URL.RawQuery = path, query
				req.URL.Path = strings.NewReplacer("%2e", ".", "%2F", "/").Replace(path)
				req.Header.Set("Content-Encoding", tc.encoding)
				return req
			}
			if !strings.HasPrefix(tc.path, "/v1/") {
				a := r.send(t, request())
				require.Equal(t, 401, a.StatusCode, a.text)
				require.Equal(t, "unauthorized_credentials", a.json["error_type"])
				require.Equal(t, "Unauthorized credentials.", a.json["error_message"])
				require.Equal(t, "https://stytch.com/docs/api/errors/401", a.json["error_url"])
				require.Equal(t, `Bearer realm="stytch_management"`, a.Header.Get("WWW-Authenticate"), "no browser may keep credentials")
			}
			req := request()
			req.SetBasicAuth(testKeyID, testSecret)
			a := r.send(t, req)
			require.Equal(t, tc.status, a.StatusCode, a.text)
			require.Equal(t, tc.kind, a.json["error_type"])
			require.Equal(t, tc.allow, a.Header.Get("Allow"))
			require.Equal(t, fmt.Sprint("https://stytch.com/docs/api/errors/", tc.status), a.json["error_url"])
		})
	}
	require.Zero(t, r.Table().Len())
	require.Zero(t, r.logs.FilterLevelExact(zap.ErrorLevel).Len())
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func TestCompressedBodiesAreTaken(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	req := httptest.NewRequest(http.MethodPost, base, strings.NewReader(gzipped(createBody)))
	req.Header.Set("Content-Encoding", "gzip")
	req.SetBasicAuth(testKeyID, testSecret)
	require.Equal(t, unmaskedDatadog(apiKey, "US", "DISABLED"), r.send(t, req).stream(t))
}

func TestOtherSitesMayNotUseABrowser(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	for _, h := range []struct{ name, value string }{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		req := httptest.NewRequest(http.MethodPost, base, strings.NewReader(createBody))
		req.SetBasicAuth(testKeyID, testSecret)
		req.Header.Set(h.name, h.value)
		a := r.send(t, req)
		require.Equal(t, 403, a.StatusCode)
		require.Equal(t, "cross_origin_request", a.json["error_type"])
		require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
	}
	require.Zero(t, r.Table().Len())
}

// Over a real connection, net/http and confighttp have their say too.
func TestOverTheWire(t *testing.T) {
	cfg := testConfig()
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	r := start(t, newHost(t, t.TempDir()), cfg)
	address := r.logs.FilterMessage("Serving the management of streams").All()[0].ContextMap()["endpoint"].(string)
	const credentials = "Authorization: Bearer " + testSecret + "\r\nHost: x\r\n"
	for name, tc := range map[string]struct {
		request string
		status  int
		empty   bool
	}{
		"HEAD":           {"HEAD " + base + "/DATADOG HTTP/1.1\r\n" + credentials + "\r\n", 404, true},
		"TRACE":          {"TRACE " + base + " HTTP/1.1\r\n" + credentials + "\r\n", 405, false},
		"CONNECT":        {"CONNECT example.com:443 HTTP/1.1\r\n" + credentials + "\r\n", 404, false},
		"absolute form":  {"GET http://x" + base + " HTTP/1.1\r\n" + credentials + "\r\n", 405, false},
		"two slashes":    {"GET //a HTTP/1.1\r\n" + credentials + "\r\n", 404, false},
		"dots":           {"GET /pwa/../a HTTP/1.1\r\n" + credentials + "\r\n", 404, false},
		"length is over": {"POST " + base + " HTTP/1.1\r\n" + credentials + "Content-Length: 70000\r\n\r\n" + strings.Repeat(" ", 70000), 413, false},
		"chunks are":     {"POST " + base + " HTTP/1.1\r\n" + credentials + "Transfer-Encoding: chunked\r\n\r\n11171\r\n" + strings.Repeat(" ", 0x11171) + "\r\n0\r\n\r\n", 413, false},
		"broken chunks":  {"POST " + base + " HTTP/1.1\r\n" + credentials + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, tc.request)
			require.NoError(t, err)
			method, _, _ := strings.Cut(tc.request, " ")
			resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
			require.NoError(t, err)
			text, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, tc.status, resp.StatusCode, string(text))
			require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
			require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
			require.Equal(t, tc.empty, len(text) == 0)
			require.True(t, tc.empty || json.Valid(text), string(text))
		})
	}
}

func TestABodyThatDoesNotCome(t *testing.T) {
	cfg := testConfig()
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	cfg.HTTP.ReadTimeout = 500 * time.Millisecond
	r := start(t, newHost(t, t.TempDir()), cfg)
	conn, err := net.Dial("tcp", r.logs.FilterMessage("Serving the management of streams").All()[0].ContextMap()["endpoint"].(string))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST "+base+" HTTP/1.1\r\nAuthorization: Bearer "+testSecret+"\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestTimeout, resp.StatusCode, string(text))
	require.Contains(t, string(text), `"error_type":"request_timeout"`)
}
