package stytchmanagementextension

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"unicode"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
)

// newServer returns the server of the API and the page.
func (e *managementExtension) newServer(ctx context.Context, host component.Host) (*http.Server, error) {
	cfg := e.cfg.HTTP
	if cfg.MaxRequestBodySize == 0 {
		cfg.MaxRequestBodySize = maxBodySize
	}
	return cfg.ToServer(ctx, host.GetExtensions(), e.set.TelemetrySettings, e.routes(),
		confighttp.WithErrorHandler(e.refuseEncoding))
}

// refuseEncoding answers a request whose Content-Encoding is unknown, or whose body does
// not begin as that says.
func (e *managementExtension) refuseEncoding(w http.ResponseWriter, r *http.Request, message string, status int) {
	id := newRequestID()
	if isAPI(path.Clean(r.URL.Path)) {
		if _, err := e.access.authenticate(r); err != nil {
			e.writeError(w, id, err)
			return
		}
	}
	e.writeError(w, id, &refusal{status: status, kind: kindInvalid, message: "body: " + message})
}

// apiPrefixes begin the paths that want credentials before they say anything else.
var apiPrefixes = []string{"/pwa/", "/streaming/"}

func isAPI(at string) bool {
	for _, prefix := range apiPrefixes {
		if strings.HasPrefix(at+"/", prefix) {
			return true
		}
	}
	return false
}

// router is what the API's routes are added to.
type router interface {
	Handle(pattern string, handler http.Handler)
}

// routes returns the handler of all paths.
func (e *managementExtension) routes() http.Handler {
	api, page := http.NewServeMux(), http.NewServeMux()
	e.routesPWA(api)
	e.routesStreaming(api)
	e.routesPage(page)
	// A browser that keeps credentials must not use them for another site.
	guard := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ServeMux would redirect to the clean path with an HTML page.
		clean := path.Clean(r.URL.Path)
		odd := clean != strings.TrimSuffix(r.URL.Path, "/") && r.URL.Path != "/"
		switch {
		case isAPI(clean) || isAPI(r.URL.Path):
			if err := guard.Check(r); err != nil {
				e.writeError(w, newRequestID(), &refusal{status: http.StatusForbidden, kind: kindForbidden, message: "Other sites may not use this API."})
				return
			}
			e.serveAPI(w, r, api, odd)
		case odd:
			e.writeError(w, newRequestID(), noRoute(r))
		default:
			e.serveKnown(w, r, page)
		}
	})
}

func noRoute(r *http.Request) *refusal {
	return &refusal{status: http.StatusNotFound, kind: kindNoRoute, message: fmt.Sprintf("There is no %q here.", r.URL.Path)}
}

// call is one request of the API. Its body has been read.
type call struct {
	*http.Request
	by   actor
	body []byte
}

type callKey struct{}

// callOf returns the call of a request that serveAPI has let in.
func callOf(r *http.Request) *call { return r.Context().Value(callKey{}).(*call) }

// handle makes a handler of a function that returns what to answer.
func (e *managementExtension) handle(f func(*call) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		c.Request = r // with the path's values
		if a, err := f(c); err != nil {
			e.writeError(w, c.by.RequestID, err)
		} else {
			e.writeAnswer(w, c.by.RequestID, a)
		}
	}
}

// serveAPI authenticates a request, reads its body, and hands it to the API's routes.
func (e *managementExtension) serveAPI(w http.ResponseWriter, r *http.Request, api *http.ServeMux, odd bool) {
	id := newRequestID()
	key, err := e.access.authenticate(r)
	if err != nil {
		e.writeError(w, id, err)
		return
	}
	if odd {
		e.writeError(w, id, noRoute(r))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		e.writeError(w, id, refusedBody(err))
		return
	}
	c := &call{by: actor{Key: key, UserAgent: readable(r.UserAgent()), RequestID: id}, body: body}
	e.serveKnown(w, r.WithContext(context.WithValue(r.Context(), callKey{}, c)), api)
}

// refusedBody says why a body could not be read.
func refusedBody(err error) *refusal {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &refusal{status: http.StatusRequestEntityTooLarge, kind: kindTooLarge, message: fmt.Sprintf("body: must be at most %d bytes", large.Limit)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{status: http.StatusRequestTimeout, kind: kindTimeout, message: "body: did not come within http::read_timeout"}
	default:
		return invalid(fieldError{"body", "is broken off, or not of its Content-Encoding"})
	}
}

// maxAgent is in bytes.
const maxAgent = 256

// readable is a User-Agent fit for a log line.
func readable(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, agent)
	return agent[:min(len(agent), maxAgent)]
}

// serveKnown hands a request to the mux, whose own errors are no JSON.
func (e *managementExtension) serveKnown(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) {
	h, pattern := mux.Handler(r)
	if pattern != "" {
		mux.ServeHTTP(w, r)
		return
	}
	refused := &statusOnly{header: http.Header{}}
	h.ServeHTTP(refused, r)
	c, _ := r.Context().Value(callKey{}).(*call)
	id := newRequestID()
	if c != nil {
		id = c.by.RequestID
	}
	if refused.status != http.StatusMethodNotAllowed {
		e.writeError(w, id, noRoute(r))
		return
	}
	allow := refused.header.Get("Allow")
	w.Header().Set("Allow", allow)
	e.writeError(w, id, &refusal{status: http.StatusMethodNotAllowed, kind: kindMethod, message: fmt.Sprintf("%q takes %s.", r.URL.Path, allow)})
}

// statusOnly keeps the status and the headers of an answer.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header                { return s.header }
func (s *statusOnly) WriteHeader(status int)             { s.status = status }
func (s *statusOnly) Write(body []byte) (n int, _ error) { return len(body), nil }
