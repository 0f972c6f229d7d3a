package page

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

type signInView struct{ ID, Next, Error string }

// signInURL is the sign-in that leads back to what was asked for.
func signInURL(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" && r.URL.RawQuery == "" {
		return "/sign-in"
	}
	return "/sign-in?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// localPath returns where to go on, on this page alone.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsRune(u.Path, '\\') {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.Query().Encode()}).String()
}

func (p *Page) showSignIn(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if p.sessions.of(r, false) != nil {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // localPath has made it a path of this page
		return
	}
	p.render(w, r, nil, http.StatusOK, "sign-in", "Sign in", signInView{Next: next})
}

func (p *Page) signIn(w http.ResponseWriter, r *http.Request) {
	if !p.parseForm(w, r) {
		return
	}
	id, secret := strings.TrimSpace(r.PostForm.Get("id")), strings.TrimSpace(r.PostForm.Get("secret"))
	v := signInView{ID: id, Next: localPath(r.PostForm.Get("next"))}
	err := p.Control.SignIn(r, id, secret)
	var tooMany *TooManyError
	switch {
	case err == nil:
		p.sessions.begin(w, r, id)
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
		return
	case errors.As(err, &tooMany):
		seconds := int(math.Ceil(tooMany.After.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		v.Error = fmt.Sprintf("Too many attempts have failed. Try again in %s.", plural(int64(seconds), "second"))
		p.render(w, r, nil, http.StatusTooManyRequests, "sign-in", "Sign in", v)
	default:
		v.Error = "No workspace key has this ID and secret. They stand under workspace_keys in the collector's configuration."
		p.render(w, r, nil, http.StatusUnauthorized, "sign-in", "Sign in", v)
	}
}

func (p *Page) signOut(w http.ResponseWriter, r *http.Request) {
	p.sessions.end(w, r)
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}
