package stytchmanagementextension

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
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

// requireDescribed holds a request and its answer against openapi.yaml.
func requireDescribed(t *testing.T, asked *http.Request, answer *http.Response) {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	require.NoError(t, compare(asked, answer.StatusCode, answer.Header, body))
}

// compare returns an error unless the answer is described, and what is described as wrong
// was not answered with success.
func compare(asked *http.Request, status int, header http.Header, body []byte) error {
	routes, err := describedRoutes()
	if err != nil {
		return err
	}
	route, values, err := routes.FindRoute(asked)
	if err != nil {
		if status < 400 && isAPI(asked.URL.Path) {
			return fmt.Errorf("%s %s: %d from a route that is not described", asked.Method, asked.URL.Path, status)
		}
		// Its error is that of every route.
		asked = asked.Clone(context.Background())
		asked.Method, asked.URL = http.MethodGet, &url.URL{Path: streamingBase + "/streams"}
		if route, values, err = routes.FindRoute(asked); err != nil {
			return err
		}
	}
	input := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: values, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			ExcludeRequestBody: asked.Header.Get("Content-Encoding") != "",
		},
	}
	if status < 400 {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			return fmt.Errorf("%s %s: %d to a request that is described as wrong: %w", asked.Method, asked.URL.Path, status, err)
		}
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: status, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		return fmt.Errorf("%s %s: %d %s: %w", asked.Method, asked.URL.Path, status, body[:min(len(body), 500)], err)
	}
	return nil
}

// describedHandler is a handler whose requests and answers are held against openapi.yaml.
func describedHandler(t *testing.T, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, recorded := recordRequest(t, r), httptest.NewRecorder()
		h.ServeHTTP(recorded, r)
		if err := compare(asked, recorded.Code, recorded.Header(), recorded.Body.Bytes()); err != nil {
			t.Error(err)
		}
		maps.Copy(w.Header(), recorded.Header())
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(recorded.Body.Bytes())
	})
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
	for _, status := range []string{"400", "401", "403", "404", "405", "408", "409", "413", "429", "500", "503"} {
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
	var destinations []string
	for _, d := range managed.Destinations {
		destinations = append(destinations, string(d))
	}
	require.ElementsMatch(t, destinations, names("DestinationType"))
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
