package stytchmanagementextension

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// knownRoutes are the method and the path of each route, with values for an existing
// stream.
func knownRoutes() (routes [][2]string) {
	var patterns recordedRoutes
	e := &managementExtension{}
	e.routesPWA(&patterns)
	e.routesStreaming(&patterns)
	values := strings.NewReplacer("{project_slug}", "acme", "{environment_slug}", "production", "{project_id}", project, "{destination_type}", "DATADOG")
	for _, pattern := range patterns {
		method, path, _ := strings.Cut(values.Replace(pattern), " ")
		routes = append(routes, [2]string{method, path})
	}
	return routes
}

// ask makes a request of anything, also of what httptest would not take.
func ask(method, path, body string) *http.Request {
	r := &http.Request{
		Method: method, URL: &url.URL{Path: path}, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Host: "localhost", RemoteAddr: "192.0.2.1:1234", Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	r.SetBasicAuth(testKeyID, testSecret)
	return r.WithContext(context.Background())
}

// Every route refuses as JSON whoever has no credentials or wrong ones, other methods, a
// body that is too long, and one that is no JSON where it is read.
func TestEveryRouteRefuses(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	defer r.Attach(&fakeExporter{destination: managed.Datadog})()
	methods := map[string][]string{} // by path
	for _, route := range knownRoutes() {
		methods[route[1]] = append(methods[route[1]], route[0])
	}
	for _, route := range knownRoutes() {
		method, path := route[0], route[1]
		t.Run(method+" "+path, func(t *testing.T) {
			require.Equal(t, http.StatusOK, r.do(t, "POST", base, createBody).StatusCode)
			req := ask(method, path, createBody)
			req.Header.Del("Authorization")
			require.Equal(t, http.StatusUnauthorized, r.send(t, req).StatusCode, "no credentials")
			for i, header := range []string{"Basic !", "Basic d3Jvbmc6d3Jvbmc=", "Bearer wrong", "Digest x"} {
				req = ask(method, path, createBody)
				req.RemoteAddr = "192.0.2." + string(rune('2'+i)) + ":1"
				req.Header.Set("Authorization", header)
				require.Contains(t, []int{401, 429}, r.send(t, req).StatusCode, header)
			}
			for _, wrong := range []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"} {
				if !slices.Contains(methods[path], wrong) {
					a := r.send(t, ask(wrong, path, "{}"))
					require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode, wrong)
					for _, allowed := range methods[path] {
						require.Contains(t, a.Header.Get("Allow"), allowed)
					}
				}
			}
			require.Equal(t, http.StatusRequestEntityTooLarge, r.send(t, ask(method, path, strings.Repeat("x", maxBodySize+1))).StatusCode)
			if (method == "PUT" || method == "POST") && !slices.Contains([]string{"enable", "disable", "test", "check"}, path[strings.LastIndex(path, "/")+1:]) || path == "/streaming/v1/check" {
				for _, body := range []string{"", "{", "[]", "null", "1", `{"a":1}{}`, "\xff", createBody + "x", strings.Repeat("[", 60_000)} {
					require.Equal(t, http.StatusBadRequest, r.send(t, ask(method, path, body)).StatusCode, body[:min(len(body), 20)])
				}
			}
		})
	}
}

// 10,000 random requests: every answer is JSON of the one form, described, and none is a
// 5xx.
func TestRandomRequests(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	defer r.Attach(&fakeExporter{destination: managed.Datadog})()
	random := rand.New(rand.NewPCG(1, 2))
	statuses := map[int]int{}
	for range 10_000 {
		req := randomRequest(random)
		if req.URL.Path == streamingBase+"/openapi.yaml" {
			continue // the one answer that is no JSON
		}
		a := r.send(t, req)
		require.Less(t, a.StatusCode, 500, "%s %s: %s", req.Method, req.URL.Path, a.text)
		statuses[a.StatusCode]++
	}
	t.Log(statuses)
	for _, status := range []int{200, 400, 404, 405, 409} {
		require.NotZero(t, statuses[status], "the requests are too tame")
	}
}

// randomRequest returns a route with values and a body that may be right, wrong, or
// damaged.
func randomRequest(random *rand.Rand) *http.Request {
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	routes := knownRoutes()
	route := routes[random.IntN(len(routes))]
	method, path := route[0], route[1]
	if random.IntN(8) == 0 {
		method = pick("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "")
	}
	if method == "HEAD" || method == "" {
		method = "OPTIONS"
	}
	path = strings.NewReplacer(
		"/acme/", "/"+pick("acme", "acme", "acme", "a b", "..", "%2e%2e", "é", "")+"/",
		project, pick(project, project, other, "project-live-", "x", "a/b", "\x00"),
		"DATADOG", pick("DATADOG", "DATADOG", "GRAFANA_LOKI", "datadog", "SPLUNK", "*"),
	).Replace(path)
	body := pick(createBody, createOther(), `{"destination_config":{"datadog":{"api_key":"k1","site":"EU"}}}`, "", "{}", "null", `{"destination_config":null}`)
	switch random.IntN(6) {
	case 0: // another byte somewhere
		if body != "" {
			i := random.IntN(len(body))
			body = body[:i] + string([]byte{byte(random.IntN(256))}) + body[i+1:]
		}
	case 1: // broken off
		body = body[:random.IntN(len(body)+1)]
	case 2: // damaged path
		i := random.IntN(len(path)-len("/streaming/")) + len("/streaming/")
		path = path[:i] + string([]byte{byte(random.IntN(256))}) + path[i:]
	}
	return ask(method, path, body)
}

// FuzzBodies finds no body that is answered with a 5xx, or with anything but JSON of the
// one form.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{createBody, createOther(), `{"destination_config":{"datadog":{"api_key":"k1","site":"EU"}}}`, "", "{", `{"destination_config":{"datadog":null,"grafana_loki":{}}}`} {
		f.Add(body)
	}
	var r *rig
	f.Fuzz(func(t *testing.T, body string) {
		if r == nil {
			cfg := testConfig()
			r = &rig{managementExtension: newExtension(nopSettings(), cfg)}
			r.control.store = &store{client: discardingClient{}}
			r.control.publish(managed.NewTable())
			r.handler = r.routes()
		}
		for _, call := range [][2]string{{"POST", base}, {"PUT", base + "/DATADOG"}, {"POST", streamsPath}, {"PUT", otherPath}, {"POST", "/streaming/v1/check"}} {
			a := r.send(t, ask(call[0], call[1], body))
			require.Less(t, a.StatusCode, 500, a.text)
		}
	})
}

func nopSettings() extension.Settings { return extensiontest.NewNopSettings(metadata.Type) }

// discardingClient stores nothing.
type discardingClient struct{ storage.Client }

func (discardingClient) Batch(context.Context, ...*storage.Operation) error { return nil }
