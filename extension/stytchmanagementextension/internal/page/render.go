package page

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
)

// view is what every page shows.
type view struct {
	Title    string
	Page     string // the template's name
	Key      string // who is signed in, "" for nobody
	Instance string
	Follows  string
	Note     *note
	Body     any
}

// parseTemplates makes a set of each page's template with those that all share.
func parseTemplates() map[string]*template.Template {
	shared := template.Must(template.New("").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"))
	names, _ := fs.Glob(templateFiles, "templates/*.html")
	all := map[string]*template.Template{}
	for _, path := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "templates/"), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		all[name] = template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, path))
	}
	return all
}

// render writes a page. S is nil where nobody is signed in.
func (p *Page) render(w http.ResponseWriter, r *http.Request, s *session, status int, name, title string, body any) {
	v := view{Title: title, Page: name, Instance: p.Instance, Body: body}
	if s != nil {
		v.Key, v.Follows = s.key, p.Control.Follows()
		if r.Header.Get("Refresh") == "" {
			v.Note = s.takeNote()
		}
	}
	var page bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&page, "layout", v); err != nil {
		http.Error(w, "rendering the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// refuse answers with a page that holds a title and a sentence, whoever asks.
func (p *Page) refuse(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	p.render(w, r, nil, status, "message", title, text)
}

// parseForm reads the form into r.PostForm, or answers why it cannot.
func (p *Page) parseForm(w http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		p.refuse(w, r, http.StatusBadRequest, "The form cannot be read", "It is larger than 64 KiB, or damaged. Nothing was changed.")
		return false
	}
	return true
}
