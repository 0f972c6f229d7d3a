package page

import (
	"net/http"
	"net/url"
	"strings"
)

// confirmView asks before something that cannot be undone. page.js shows it as a dialog.
type confirmView struct {
	row
	Title string
	Back  string
	Typed string // what has to be typed before a deletion
	Error string
}

func (p *Page) confirm(r *http.Request, shown *row) confirmView {
	return confirmView{row: *shown, Title: title(*shown), Back: back(r, ""), Typed: shown.Name}
}

func (p *Page) askDisable(w http.ResponseWriter, r *http.Request, s *session) {
	if shown := p.find(w, r, s); shown != nil {
		p.render(w, r, s, http.StatusOK, "disable", "Disable "+title(*shown), p.confirm(r, shown))
	}
}

// disable asks first: what comes while a stream is disabled is gone.
func (p *Page) disable(w http.ResponseWriter, r *http.Request, s *session) {
	shown := p.find(w, r, s)
	if shown == nil || !p.parseForm(w, r) {
		return
	}
	if r.PostForm.Get("confirmed") == "" {
		http.Redirect(w, r, shown.Path+"/disable?"+url.Values{"back": {back(r, shown.Path)}}.Encode(), http.StatusSeeOther)
		return
	}
	p.act(w, r, s, back(r, shown.Path), "Disabled: events of this stream are dropped until you enable it.", func() error {
		return p.Control.SetActive(r.Context(), actorOf(r, s), shown.ProjectID, shown.Destination, false)
	})
}

func (p *Page) askDelete(w http.ResponseWriter, r *http.Request, s *session) {
	if shown := p.find(w, r, s); shown != nil {
		p.render(w, r, s, http.StatusOK, "delete", "Delete "+title(*shown), p.confirm(r, shown))
	}
}

// delete stands behind the switch and the project's name.
func (p *Page) delete(w http.ResponseWriter, r *http.Request, s *session) {
	shown := p.find(w, r, s)
	if shown == nil || !p.parseForm(w, r) {
		return
	}
	v := p.confirm(r, shown)
	switch {
	case shown.Active:
		v.Error = "The stream is enabled. Disable it first."
	case strings.TrimSpace(r.PostForm.Get("name")) != v.Typed:
		v.Error = "This is not the project's name. Nothing was deleted."
	default:
		p.act(w, r, s, "/", "Deleted: "+v.Title+".", func() error {
			return p.Control.Delete(r.Context(), actorOf(r, s), shown.ProjectID, shown.Destination)
		})
		return
	}
	p.render(w, r, s, http.StatusUnprocessableEntity, "delete", "Delete "+v.Title, v)
}
