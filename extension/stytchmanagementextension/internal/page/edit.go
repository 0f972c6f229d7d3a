package page

import (
	"errors"
	"net/http"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// Values of the button that a form was sent by.
const (
	doCheck         = "check"
	doSave          = "save"
	doSaveAndEnable = "save-and-enable"
	doDiscard       = "discard"
)

type newView struct {
	Form     form
	Projects []Environment // to choose from, those without a name too
}

func (p *Page) showNew(w http.ResponseWriter, r *http.Request, s *session) {
	v := newView{Form: formOf(nil, s.draftOf(true, "", "")), Projects: p.Control.Environments()}
	if table := p.Control.Table(); table != nil {
		all := p.names()
		for _, u := range p.unconfigured(table) {
			if _, named := all[u.ProjectID]; !named {
				v.Projects = append(v.Projects, Environment{ProjectID: u.ProjectID})
			}
		}
	}
	if q := r.URL.Query(); q.Has("project") {
		v.Form = form{Project: clip(q.Get("project"), 200)} // another one than the draft's
	}
	p.render(w, r, s, http.StatusOK, "new", "Add a stream", v)
}

func (p *Page) create(w http.ResponseWriter, r *http.Request, s *session) {
	if !p.parseForm(w, r) {
		return
	}
	d := &draft{isNew: true, project: p.projectID(r.PostForm.Get("project")), destination: managed.Destination(r.PostForm.Get("destination"))}
	var before managed.Credentials
	if kept := s.draftOf(true, "", ""); kept != nil {
		before = kept.credentials
	}
	d.credentials = credentialsOf(r.PostForm, d.destination, before)
	if r.PostForm.Get("do") != doDiscard && d.credentials.Destination() == "" {
		d.errors = map[string]string{"destination_type": "is not chosen yet"}
		s.keep(d)
		http.Redirect(w, r, "/streams/new", http.StatusSeeOther)
		return
	}
	p.submit(w, r, s, d, "/streams/new", func() error {
		return p.Control.Create(r.Context(), actorOf(r, s), d.project, d.credentials)
	})
}

func (p *Page) save(w http.ResponseWriter, r *http.Request, s *session) {
	shown := p.find(w, r, s)
	if shown == nil || !p.parseForm(w, r) {
		return
	}
	d := &draft{project: shown.ProjectID, destination: shown.Destination}
	var typed managed.Credentials
	if kept := s.draftOf(false, shown.ProjectID, shown.Destination); kept != nil {
		typed = kept.credentials
	}
	d.credentials = credentialsOf(r.PostForm, shown.Destination, typed, shown.Credentials)
	if d.errors = needsPassword(d.credentials, shown.Stream); d.errors != nil && r.PostForm.Get("do") != doDiscard {
		s.keep(d)
		http.Redirect(w, r, shown.Path+"#destination", http.StatusSeeOther)
		return
	}
	p.submit(w, r, s, d, shown.Path, func() error {
		return p.Control.Update(r.Context(), actorOf(r, s), shown.ProjectID, d.credentials)
	})
}

// submit checks or stores what was typed. Until it is stored it is kept as a draft, and
// shown again at form.
func (p *Page) submit(w http.ResponseWriter, r *http.Request, s *session, d *draft, form string, store func() error) {
	do := r.PostForm.Get("do")
	switch do {
	case doDiscard:
		s.keep(nil)
		http.Redirect(w, r, form, http.StatusSeeOther)
		return
	case doCheck:
		p.check(w, r, s, d, form)
		return
	}
	if err := store(); err != nil {
		p.refused(w, r, s, d, form, err)
		return
	}
	s.keep(nil)
	done := "Saved. It applies to what waits, too."
	if d.isNew {
		done = "Saved. It is disabled: events of this project are dropped until you enable it."
	}
	if do == doSaveAndEnable {
		done = "Saved and enabled: events stream from now on."
		if err := p.Control.SetActive(r.Context(), actorOf(r, s), d.project, d.destination, true); err != nil {
			s.say(note{Bad: true, Text: "Saved, but not enabled: " + p.words(err)})
			http.Redirect(w, r, streamURL(d.project, d.destination), http.StatusSeeOther)
			return
		}
	}
	s.say(note{Text: done})
	http.Redirect(w, r, streamURL(d.project, d.destination), http.StatusSeeOther)
}

func (p *Page) check(w http.ResponseWriter, r *http.Request, s *session, d *draft, form string) {
	ctx, cancel := p.wait(r, s)
	defer cancel()
	answer, err := p.Control.Check(ctx, d.credentials)
	if err != nil {
		p.refused(w, r, s, d, form, err)
		return
	}
	s.keep(d)
	n := answerNote(answer, d.destination, "takes these credentials", "does not take these credentials")
	if n.Text += " Nothing is saved yet."; n.Bad {
		n.Text = answerNote(answer, d.destination, "", "does not take these credentials").Text + " Nothing was saved."
	}
	s.say(n)
	http.Redirect(w, r, form, http.StatusSeeOther)
}

// refused shows the form again, with what was typed and what is wrong with it.
func (p *Page) refused(w http.ResponseWriter, r *http.Request, s *session, d *draft, form string, err error) {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		d.errors = invalid.Fields
		form += "#destination"
	} else {
		s.say(note{Bad: true, Text: p.words(err)})
	}
	s.keep(d)
	http.Redirect(w, r, form, http.StatusSeeOther)
}
