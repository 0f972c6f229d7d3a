package page

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/activity"
)

//go:embed templates/*.html
var templateFiles embed.FS

// maxForm is the largest form in bytes. The fields are short.
const maxForm = 64 << 10

// Config is what a Page is made of.
type Config struct {
	Control  Control
	Activity *activity.Log // nil: off
	// Hosts are the names, without port, that the page may be called by besides those
	// of the loopback interface. An empty one and an unspecified address are ignored.
	Hosts []string
	// Instance tells this collector apart, such as "gateway-1 · 0.1.0".
	Instance string
}

// Page serves the page. Use New.
type Page struct {
	Config
	sessions  *sessions
	samples   *samples
	templates map[string]*template.Template
	mux       *http.ServeMux
	handler   http.Handler
	now       func() time.Time
	readers   chan struct{} // a place for each reader of events

	begin, end sync.Once
	stop       chan struct{}
	stopped    sync.WaitGroup
}

// New returns the page. It does nothing by itself until Start.
func New(cfg Config) *Page {
	p := &Page{
		Config:    cfg,
		sessions:  newSessions(),
		samples:   newSamples(),
		templates: parseTemplates(),
		now:       time.Now,
		readers:   make(chan struct{}, maxReaders),
		stop:      make(chan struct{}),
	}
	p.handler = p.routes()
	return p
}

// Start begins to take samples for the charts.
func (p *Page) Start() {
	p.begin.Do(func() {
		p.stopped.Add(1)
		go p.sample()
	})
}

// Shutdown ends the sampling and every stream of events. Call it before the server's
// own Shutdown, which waits for requests to end.
func (p *Page) Shutdown() {
	p.end.Do(func() { close(p.stop) })
	p.stopped.Wait()
}

// sample takes a sample of every stream each minute, away from the way of events, and
// ends the sessions that are over.
func (p *Page) sample() {
	defer p.stopped.Done()
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	p.samples.take(p.Control.Table(), p.now())
	for {
		select {
		case <-ticker.C:
			p.samples.take(p.Control.Table(), p.now())
			p.sessions.sweep()
		case <-p.stop:
			return
		}
	}
}

// Serves tells whether a request is the page's: it is for one of its paths, or comes from
// a browser, which is told so in HTML that there is no such page.
func (p *Page) Serves(r *http.Request) bool {
	_, pattern := p.mux.Handler(r)
	return pattern != "/" || strings.Contains(r.Header.Get("Accept"), "text/html")
}

func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

func (p *Page) routes() http.Handler {
	mux := http.NewServeMux()
	p.mux = mux
	mux.HandleFunc("GET /sign-in", p.showSignIn)
	mux.HandleFunc("POST /sign-in", p.signIn)
	mux.HandleFunc("POST /sign-out", p.signOut)
	mux.HandleFunc("GET "+assetsPath, serveAsset)

	signedIn := func(pattern string, h func(http.ResponseWriter, *http.Request, *session)) {
		mux.Handle(pattern, p.needsSession(h))
	}
	signedIn("GET /{$}", p.showOverview)
	signedIn("GET /streams/new", p.showNew)
	signedIn("POST /streams/new", p.create)
	signedIn("GET "+streamPath, p.showStream)
	signedIn("POST "+streamPath, p.save)
	signedIn("GET "+streamPath+"/disable", p.askDisable)
	signedIn("POST "+streamPath+"/disable", p.disable)
	signedIn("POST "+streamPath+"/enable", p.enable)
	signedIn("POST "+streamPath+"/test", p.test)
	signedIn("GET "+streamPath+"/delete", p.askDelete)
	signedIn("POST "+streamPath+"/delete", p.delete)
	signedIn("GET /changes", p.showChanges)
	signedIn("GET /activity", p.showActivity)
	signedIn("GET /activity/events", p.streamEvents)
	signedIn("/", p.notFound)

	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.refuse(w, r, http.StatusForbidden, "Another site sent this form", "Nothing was changed. Open this page yourself and try again there.")
	}))
	return p.guard(sameOrigin.Handler(mux))
}

// guard sets the headers of every answer and refuses names that are not ours: a page
// elsewhere could have its own name lead here (DNS rebinding).
func (p *Page) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !p.isOurs(r) {
			p.refuse(w, r, http.StatusMisdirectedRequest, "This name is not known here",
				"Open the page by localhost or by the name in http::endpoint, or add the name to hosts in the configuration of stytch_management.")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

// needsSession sends to the sign-in whoever is not signed in.
func (p *Page) needsSession(next func(http.ResponseWriter, *http.Request, *session)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A script says so when it asks by itself.
		s := p.sessions.of(r, r.Header.Get("Refresh") == "" && r.URL.Path != "/activity/events")
		switch {
		case s == nil && r.URL.Path == "/activity/events":
			w.WriteHeader(http.StatusUnauthorized)
		case s == nil:
			http.Redirect(w, r, signInURL(r), http.StatusSeeOther)
		default:
			next(w, r, s)
		}
	})
}

// wait returns a context that ends with the request, the session and the page.
func (p *Page) wait(r *http.Request, s *session) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	go func() {
		defer cancel()
		select {
		case <-ctx.Done():
		case <-s.done:
		case <-p.stop:
		}
	}()
	return ctx, cancel
}

func (p *Page) notFound(w http.ResponseWriter, r *http.Request, s *session) {
	p.render(w, r, s, http.StatusNotFound, "message", "There is no such page", "The address may be mistyped, or the stream was deleted.")
}
