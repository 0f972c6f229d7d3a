package page

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A form of another site is refused, with the cookie too: one of another port is of the
// same site to a browser, which then sends it.
func TestCrossSiteForms(t *testing.T) {
	control := newFake(stream(acme, datadog("US", "0123456789abcdef0123456789ab9a02"), true, nil))
	s := signedIn(t, control)
	for name, set := range map[string]func(http.Header){
		"another site":           func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
		"another port":           func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
		"an origin":              func(h http.Header) { h.Set("Origin", "https://evil.example") },
		"an origin of this host": func(h http.Header) { h.Set("Origin", "http://127.0.0.1:1") },
		"an opaque origin":       func(h http.Header) { h.Set("Origin", "null") },
	} {
		t.Run(name, func(t *testing.T) {
			for _, at := range []string{"/disable", "/delete", "/test", ""} {
				r := s.request(t, http.MethodPost, streamURL(acme, "DATADOG")+at, map[string][]string{"confirmed": {"yes"}, "do": {"save"}})
				set(r.Header)
				answer := s.do(t, r)
				require.Equal(t, http.StatusForbidden, answer.StatusCode)
				require.Contains(t, answer.text, "Another site sent this form")
			}
			r := s.request(t, http.MethodPost, "/sign-in", map[string][]string{"id": {keyID}, "secret": {keySecret}})
			set(r.Header)
			require.Equal(t, http.StatusForbidden, s.do(t, r).StatusCode, "nobody is signed in by another site")
		})
	}
	require.True(t, control.Table().Stream(acme, "DATADOG").Active)
	require.Empty(t, control.Changes())
	require.Zero(t, control.tested)
}

// A name that an attacker leads to this address is refused, whatever the path.
func TestRebinding(t *testing.T) {
	s := serve(t, Config{Control: newFake(), Hosts: []string{"gateway.example", "0.0.0.0", ""}})
	ask := func(host string) int {
		r := s.request(t, http.MethodGet, "/sign-in", nil)
		r.Host = host
		return s.do(t, r).StatusCode
	}
	for _, host := range []string{"localhost", "localhost:9", "LOCALHOST", "127.0.0.1:8322", "127.1.2.3", "[::1]:8322", "[::1]", "gateway.example", "Gateway.Example:443"} {
		require.Equal(t, http.StatusOK, ask(host), host)
	}
	for _, host := range []string{"evil.example", "localhost.evil.example", "evil.example:8322", "0.0.0.0", "0.0.0.0:8322", "192.0.2.1", "gateway.example.evil.example", "[::]:8322"} {
		require.Equal(t, http.StatusMisdirectedRequest, ask(host), host)
	}
	for _, at := range []string{"/", "/activity/events", assetURL("page.js"), "/streams/new"} {
		r := s.request(t, http.MethodPost, at, nil)
		r.Host = "evil.example"
		require.Equal(t, http.StatusMisdirectedRequest, s.do(t, r).StatusCode, at)
	}
}

// The address that a request arrived at is a name of ours.
func TestOwnAddress(t *testing.T) {
	s := serve(t, Config{Control: newFake()})
	r := s.request(t, http.MethodGet, "/sign-in", nil)
	require.Equal(t, http.StatusOK, s.do(t, r).StatusCode)
}

// An id that somebody planted is not the one that a sign-in makes known.
func TestSessionFixation(t *testing.T) {
	s := serve(t, Config{Control: newFake()})
	first := s.signIn(t)
	r := s.request(t, http.MethodPost, "/sign-in", map[string][]string{"id": {keyID}, "secret": {keySecret}})
	r.Header.Set("Cookie", "stytch_streams=planted")
	answer := s.do(t, r)
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	second := answer.Cookies()[0]
	require.NotEqual(t, "planted", second.Value)
	require.NotEqual(t, first.Value, second.Value, "a new id at each sign-in")
	require.GreaterOrEqual(t, len(second.Value), 26, "128 bits")

	asks := func(id string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/", nil)
		require.NoError(t, err)
		r.AddCookie(&http.Cookie{Name: "stytch_streams", Value: id})
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		return answer.StatusCode
	}
	require.Equal(t, http.StatusOK, asks(second.Value))
	require.Equal(t, http.StatusSeeOther, asks("planted"))
	require.Equal(t, http.StatusSeeOther, asks(""))
	require.Equal(t, http.StatusSeeOther, asks(first.Value), "the session before has ended")

	// A cookie that was stolen is worth nothing after the sign-out.
	s.client.Jar = nil
	r = s.request(t, http.MethodPost, "/sign-out", nil)
	r.AddCookie(second)
	answer = s.do(t, r)
	require.Equal(t, "/sign-in", answer.Header.Get("Location"))
	require.Negative(t, answer.Cookies()[0].MaxAge)
	require.Equal(t, http.StatusSeeOther, asks(second.Value))
}

func TestSessionsEnd(t *testing.T) {
	s := serve(t, Config{Control: newFake()})
	now := time.Now()
	s.page.sessions.now = func() time.Time { return now }
	s.signIn(t)
	signedIn := func() bool { return s.get(t, "/").StatusCode == http.StatusOK }

	for range 10 { // 9 h 50 min, each look within the hour
		now = now.Add(59 * time.Minute)
		require.True(t, signedIn())
	}
	now = now.Add(11 * time.Minute)
	require.False(t, signedIn(), "10 hours are over")

	s.signIn(t)
	now = now.Add(50 * time.Minute)
	r := s.request(t, http.MethodGet, "/", nil)
	r.Header.Set("Refresh", "script")
	require.Equal(t, http.StatusOK, s.do(t, r).StatusCode)
	now = now.Add(11 * time.Minute)
	require.False(t, signedIn(), "what a script asks for by itself does not keep a session")

	s.signIn(t)
	s.page.sessions.sweep()
	require.Len(t, s.page.sessions.byHash, 1)
	now = now.Add(61 * time.Minute)
	s.page.sessions.sweep()
	require.Empty(t, s.page.sessions.byHash, "nor does it stay in memory with what was typed")
}

func TestSessionsAreBounded(t *testing.T) {
	all := newSessions()
	now := time.Now()
	all.now = func() time.Time { return now }
	begin := func() *http.Request {
		w := httptest.NewRecorder()
		all.begin(w, httptest.NewRequest(http.MethodPost, "/sign-in", nil), keyID)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(w.Result().Cookies()[0])
		now = now.Add(time.Millisecond)
		return r
	}
	used, unused := begin(), begin()
	ended := all.of(unused, false)
	require.NotNil(t, all.of(used, true))
	for range maxSessions - 1 {
		begin()
	}
	require.Len(t, all.byHash, maxSessions)
	require.NotNil(t, all.of(used, true))
	require.Nil(t, all.of(unused, true), "the one used least recently has gone")
	select {
	case <-ended.done:
	default:
		t.Fatal("its streams of events go on")
	}
}

// Under TLS the cookie is Secure and bound to the host, and a plain one counts for nothing.
func TestCookiesUnderTLS(t *testing.T) {
	all := newSessions()
	r := httptest.NewRequest(http.MethodPost, "https://localhost/sign-in", nil)
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	all.begin(w, r, keyID)
	cookie := w.Result().Cookies()[0]
	require.Equal(t, "__Host-stytch_streams", cookie.Name)
	require.True(t, cookie.Secure)
	require.Equal(t, "/", cookie.Path)
	require.Empty(t, cookie.Domain)

	with := func(name string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "https://localhost/", nil)
		r.TLS = &tls.ConnectionState{}
		r.AddCookie(&http.Cookie{Name: name, Value: cookie.Value})
		return r
	}
	require.NotNil(t, all.of(with("__Host-stytch_streams"), true))
	require.Nil(t, all.of(with("stytch_streams"), true))

	// A proxy that ends TLS: the browser says so.
	r = httptest.NewRequest(http.MethodPost, "http://localhost/sign-in", nil)
	r.Header.Set("Origin", "https://gateway.example")
	w = httptest.NewRecorder()
	all.begin(w, r, keyID)
	require.Equal(t, "__Host-stytch_streams", w.Result().Cookies()[0].Name)
}

// Whoever guesses at keys is slowed down, and told so.
func TestTenThousandSignIns(t *testing.T) {
	control := newFake()
	control.limit = 20
	s := serve(t, Config{Control: control})
	counts := map[int]int{}
	for i := range 10_000 {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/sign-in", http.NoBody)
		r.PostForm = map[string][]string{"id": {keyID}, "secret": {strconv.Itoa(i)}}
		r.Form = r.PostForm
		w := httptest.NewRecorder()
		s.page.ServeHTTP(w, r)
		counts[w.Code]++
		if w.Code == http.StatusTooManyRequests {
			require.Equal(t, "3", w.Header().Get("Retry-After"))
		}
	}
	require.Equal(t, map[int]int{http.StatusUnauthorized: 20, http.StatusTooManyRequests: 9980}, counts)
	require.Empty(t, s.page.sessions.byHash)
}
