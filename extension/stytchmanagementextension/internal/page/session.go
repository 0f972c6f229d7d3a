package page

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	sessionLife = 10 * time.Hour // a working day
	sessionIdle = time.Hour
	// maxSessions bounds memory. One more ends the one that was used least recently.
	maxSessions = 256

	cookieName       = "stytch_streams"
	secureCookieName = "__Host-" + cookieName // browsers take it over TLS only, for this host and every path
)

// sessions holds who is signed in. It is kept in memory: after a restart everybody signs
// in again. A session is found by the hash of its id, so that neither a timing nor a
// dump of the map gives an id away.
type sessions struct {
	now func() time.Time

	mu     sync.Mutex
	byHash map[[sha256.Size]byte]*session
}

// session is one signed-in browser.
type session struct {
	key  string        // id of the workspace key
	done chan struct{} // closed at its end

	begun, used time.Time // guarded by sessions.mu

	mu    sync.Mutex
	note  *note
	draft *draft
}

func newSessions() *sessions {
	return &sessions{now: time.Now, byHash: map[[sha256.Size]byte]*session{}}
}

// begin ends the request's session, if any, and begins a new one under a new id, so that
// an id that somebody planted is worth nothing.
func (all *sessions) begin(w http.ResponseWriter, r *http.Request, key string) {
	id := rand.Text()
	all.mu.Lock()
	defer all.mu.Unlock()
	all.forget(r)
	if len(all.byHash) >= maxSessions {
		all.evict()
	}
	now := all.now()
	all.byHash[sha256.Sum256([]byte(id))] = &session{key: key, done: make(chan struct{}), begun: now, used: now}
	http.SetCookie(w, newCookie(isSecure(r), id, int(sessionLife/time.Second)))
}

// of returns the request's session, or nil. Touch is false for what a script asks for by
// itself: a page left open is idle.
func (all *sessions) of(r *http.Request, touch bool) *session {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, id := range cookies(r) {
		hash := sha256.Sum256([]byte(id))
		s := all.byHash[hash]
		switch {
		case s == nil:
			continue
		case all.expired(s):
			all.remove(hash)
			continue
		case touch:
			s.used = all.now()
		}
		return s
	}
	return nil
}

// end ends the request's session and removes its cookie.
func (all *sessions) end(w http.ResponseWriter, r *http.Request) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.forget(r)
	http.SetCookie(w, newCookie(isSecure(r), "", -1))
}

func (all *sessions) forget(r *http.Request) {
	for _, id := range cookies(r) {
		all.remove(sha256.Sum256([]byte(id)))
	}
}

func (all *sessions) expired(s *session) bool {
	now := all.now()
	return now.Sub(s.begun) > sessionLife || now.Sub(s.used) > sessionIdle
}

func (all *sessions) remove(hash [sha256.Size]byte) {
	if s := all.byHash[hash]; s != nil {
		close(s.done)
		delete(all.byHash, hash)
	}
}

// sweep ends the sessions that are over, with what they keep.
func (all *sessions) sweep() {
	all.mu.Lock()
	defer all.mu.Unlock()
	for hash, s := range all.byHash {
		if all.expired(s) {
			all.remove(hash)
		}
	}
}

// evict ends the session that was used least recently.
func (all *sessions) evict() {
	var oldest [sha256.Size]byte
	var least *session
	for hash, s := range all.byHash {
		if least == nil || s.used.Before(least.used) {
			oldest, least = hash, s
		}
	}
	all.remove(oldest)
}

// cookies are the ids that a request brings. A plain cookie counts only without TLS,
// where the browser does not take the other one.
func cookies(r *http.Request) []string {
	names := []string{secureCookieName}
	if r.TLS == nil {
		names = append(names, cookieName)
	}
	var ids []string
	for _, name := range names {
		for _, c := range r.CookiesNamed(name) {
			ids = append(ids, c.Value)
		}
	}
	return ids
}

// isSecure tells whether the browser speaks TLS, to us or to a proxy before us.
func isSecure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://")
}

func newCookie(secure bool, id string, maxAge int) *http.Cookie {
	name := cookieName
	if secure {
		name = secureCookieName
	}
	return &http.Cookie{ //nolint:gosec // Secure wherever there is TLS: without, no browser would keep it
		Name: name, Value: id, MaxAge: maxAge, Path: "/",
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}
