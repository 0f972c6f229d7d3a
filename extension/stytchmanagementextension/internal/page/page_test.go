package page

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// site is a page that is served, and a browser's cookies.
type site struct {
	*httptest.Server
	page   *Page
	client *http.Client
}

func serve(t *testing.T, cfg Config) *site {
	t.Helper()
	p := New(cfg)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	t.Cleanup(p.Shutdown)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &site{Server: server, page: p, client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	text string
}

func (s *site) do(t *testing.T, r *http.Request) reply {
	t.Helper()
	answer, err := s.client.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return reply{answer, string(body)}
}

func (s *site) request(t *testing.T, method, path string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (s *site) get(t *testing.T, path string) reply {
	t.Helper()
	return s.do(t, s.request(t, http.MethodGet, path, nil))
}

func (s *site) post(t *testing.T, path string, pairs ...string) reply {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return s.do(t, s.request(t, http.MethodPost, path, form))
}

// follow posts, and returns the page that the answer leads to.
func (s *site) follow(t *testing.T, path string, pairs ...string) reply {
	t.Helper()
	answer := s.post(t, path, pairs...)
	require.Equal(t, http.StatusSeeOther, answer.StatusCode, answer.text)
	next, _, _ := strings.Cut(answer.Header.Get("Location"), "#")
	return s.get(t, next)
}

func (s *site) signIn(t *testing.T) *http.Cookie {
	t.Helper()
	answer := s.post(t, "/sign-in", "id", keyID, "secret", keySecret)
	require.Equal(t, http.StatusSeeOther, answer.StatusCode, answer.text)
	require.Len(t, answer.Cookies(), 1)
	return answer.Cookies()[0]
}

func signedIn(t *testing.T, control *fake) *site {
	t.Helper()
	s := serve(t, Config{Control: control, Instance: "test"})
	s.signIn(t)
	return s
}

func TestSignIn(t *testing.T) {
	s := serve(t, Config{Control: newFake()})
	answer := s.get(t, "/streams/new?project=x")
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	require.Equal(t, "/sign-in?next=%2Fstreams%2Fnew%3Fproject%3Dx", answer.Header.Get("Location"))
	require.NotContains(t, answer.text, "Add a stream")

	wrong := s.post(t, "/sign-in", "id", keyID, "secret", "wrong-"+keySecret)
	require.Equal(t, http.StatusUnauthorized, wrong.StatusCode)
	require.Empty(t, wrong.Cookies())
	require.Contains(t, wrong.text, "No workspace key has this ID and secret")
	require.NotContains(t, wrong.text, keySecret, "a typed secret is not sent back")

	right := s.post(t, "/sign-in", "id", keyID, "secret", keySecret, "next", "/streams/new?project=x")
	require.Equal(t, "/streams/new?project=x", right.Header.Get("Location"))
	cookie := right.Cookies()[0]
	require.Equal(t, "stytch_streams", cookie.Name)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	require.Equal(t, 10*60*60, cookie.MaxAge)
	require.Equal(t, http.StatusOK, s.get(t, "/streams/new?project=x").StatusCode)
}

func TestNextStaysHere(t *testing.T) {
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", "", "evil", "http:///x", "/%5cevil.example"} {
		require.Equal(t, "/", localPath(next), next)
	}
	require.Equal(t, "/activity?text=a+b", localPath("/activity?text=a+b"))
}

// Without credentials every path but the sign-in and the assets shows nothing.
func TestSignedOutShowsNothing(t *testing.T) {
	s := serve(t, Config{Control: newFake(stream(acme, datadog("US", "0123456789abcdef0123456789ab9a02"), true, nil))})
	path := streamURL(acme, "DATADOG")
	for _, at := range []string{"/", path, path + "/disable", path + "/delete", "/streams/new", "/changes", "/activity", "/unknown"} {
		answer := s.get(t, at)
		require.Equal(t, http.StatusSeeOther, answer.StatusCode, at)
		require.NotContains(t, answer.text, "acme")
	}
	for _, at := range []string{path, path + "/disable", path + "/enable", path + "/test", path + "/delete", "/streams/new"} {
		require.Equal(t, "/sign-in", s.post(t, at, "confirmed", "yes", "do", "save").Header.Get("Location"), at)
	}
	require.Equal(t, http.StatusUnauthorized, s.get(t, "/activity/events").StatusCode)
	require.True(t, s.page.Control.Table().Stream(acme, "DATADOG").Active)
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	s := serve(t, Config{Control: newFake()})
	check := func(at string) {
		h := s.get(t, at).Header
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", at)
		require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'", at)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", at)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), at)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), at)
		if !strings.HasPrefix(at, "/assets/") {
			require.Equal(t, "no-store", h.Get("Cache-Control"), at)
		}
		require.Empty(t, h.Get("WWW-Authenticate"), "never Basic")
	}
	paths := []string{"/", "/sign-in", "/unknown", "/activity", "/activity/events", "/changes", assetURL("page.css"), assetURL("page.js"), "/assets/old/page.css"}
	for _, at := range paths {
		check(at)
	}
	s.signIn(t)
	for _, at := range paths {
		check(at)
	}
}

// No page holds what the policy forbids.
func TestNoInlineScriptOrStyle(t *testing.T) {
	files, err := templateFiles.ReadDir("templates")
	require.NoError(t, err)
	for _, file := range files {
		text, err := templateFiles.ReadFile("templates/" + file.Name())
		require.NoError(t, err)
		require.NotRegexp(t, `(?i)\sstyle=|\son[a-z]+=|<style|javascript:|(src|href|action)="(https?:|//)`, string(text), file.Name())
	}
}

func TestFormsAreBounded(t *testing.T) {
	s := signedIn(t, newFake())
	answer := s.post(t, "/streams/new", "project", strings.Repeat("x", 65<<10))
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	require.Contains(t, answer.text, "larger than 64 KiB")
}

func TestUnknownPage(t *testing.T) {
	s := signedIn(t, newFake())
	for _, at := range []string{"/unknown", streamURL(acme, "DATADOG"), streamURL(acme, "DATADOG") + "/delete", "/streams/" + acme + "/OTHER"} {
		answer := s.get(t, at)
		require.Equal(t, http.StatusNotFound, answer.StatusCode, at)
		require.Contains(t, answer.text, "There is no such page")
	}
}

func TestShutdownIsSafe(t *testing.T) {
	p := New(Config{Control: newFake()})
	p.Shutdown()
	p.Start()
	p.Start()
	done := make(chan struct{})
	go func() { defer close(done); p.Shutdown(); p.Shutdown() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("Shutdown does not return")
	}
}
