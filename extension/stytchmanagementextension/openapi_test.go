package stytchmanagementextension

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"
)

// described is openapi.yaml, read once.
var described = sync.OnceValues(func() (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(description)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(loader.Context)
})

var describedRoutes = sync.OnceValues(func() (routers.Router, error) {
	doc, err := described()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

// recordRequest copies a request before it is served, as openapi3filter wants it.
func recordRequest(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		require.NoError(t, err)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	asked := r.Clone(context.Background())
	asked.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	asked.Body = io.NopCloser(bytes.NewReader(body))
	asked.ContentLength = int64(len(body))
	asked.Header.Set("Content-Type", "application/json") // which we do not ask for
	return asked
}

// requireDescribed holds a request and its answer against openapi.yaml: the answer is
// described, and what is described as wrong is not answered with success.
func requireDescribed(t *testing.T, asked *http.Request, answer *http.Response) {
	t.Helper()
	routes, err := describedRoutes()
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	what := asked.Method + " " + asked.URL.Path + ": " + answer.Status + " " + string(body[:min(len(body), 500)])

	route, values, err := routes.FindRoute(asked)
	if err != nil {
		if strings.HasPrefix(asked.URL.Path, "/pwa/") || strings.HasPrefix(asked.URL.Path, "/streaming/") {
			require.GreaterOrEqual(t, answer.StatusCode, 400, "a route that is not described: %s", what)
		}
		// Its error is that of every route.
		asked = asked.Clone(context.Background())
		asked.Method, asked.URL = http.MethodGet, &url.URL{Path: streamingBase + "/streams"}
		route, values, err = routes.FindRoute(asked)
		require.NoError(t, err)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: values, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if answer.StatusCode < 400 {
		require.NoError(t, openapi3filter.ValidateRequest(context.Background(), input), what)
	}
	if asked.Method == http.MethodHead {
		return // it has no body
	}
	require.NoError(t, openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.StatusCode, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}), what)
}

// recordedRoutes are the patterns that a function adds.
type recordedRoutes []string

func (r *recordedRoutes) Handle(pattern string, _ http.Handler) { *r = append(*r, pattern) }

func TestEveryRouteIsDescribed(t *testing.T) {
	doc, err := described()
	require.NoError(t, err)
	var inFile []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			inFile = append(inFile, method+" "+path)
		}
	}
	var served recordedRoutes
	e := &managementExtension{}
	e.routesPWA(&served)
	e.routesStreaming(&served)
	require.ElementsMatch(t, inFile, []string(served))
}

func TestEveryRefusalIsInTheDescription(t *testing.T) {
	doc, err := described()
	require.NoError(t, err)
	text := *doc.Components.Responses["Error"].Value.Description
	for _, status := range []string{"400", "401", "403", "404", "405", "409", "413", "429", "500", "503"} {
		require.Contains(t, text, status+":")
	}
}

// The enumerations of the file are those of the code.
func TestDescribedNames(t *testing.T) {
	doc, err := described()
	require.NoError(t, err)
	names := func(schema string) (names []string) {
		for _, name := range doc.Components.Schemas[schema].Value.Enum {
			names = append(names, name.(string))
		}
		return names
	}
	require.ElementsMatch(t, sites, names("Site"))
	require.ElementsMatch(t, slices.Collect(maps.Values(map[string]string{"d": "DATADOG", "l": "GRAFANA_LOKI"})), names("DestinationType"))
	require.Equal(t, []string{statusActive, statusDisabled}, names("StreamingStatus"))
}

func TestDescriptionIsServed(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	req := httptest.NewRequest(http.MethodGet, streamingBase+"/openapi.yaml", nil)
	req.SetBasicAuth(testKeyID, testSecret)
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/yaml", w.Header().Get("Content-Type"))
	require.Equal(t, string(description), w.Body.String())
}
