package page

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

const streamPath = "/streams/{project}/{destination}"

func streamURL(project string, d managed.Destination) string {
	return "/streams/" + url.PathEscape(project) + "/" + string(d)
}

type streamView struct {
	row
	Title   string
	Trouble *trouble
	Charts  []chart
	Begin   time.Time // of the charts
	Now     time.Time
	Form    form
	Changes []Change
	More    bool // further changes
	Last    *Change
}

// shownChanges is how many changes stand beside a stream.
const shownChanges = 5

func (p *Page) showStream(w http.ResponseWriter, r *http.Request, s *session) {
	shown := p.find(w, r, s)
	if shown == nil {
		return
	}
	now := p.now()
	minutes := p.samples.hour(shown.Stream.Figures, shown.Figures, now)
	v := streamView{
		row: *shown, Title: title(*shown), Trouble: shown.trouble,
		Charts: charts(minutes, now), Begin: now.Add(-time.Hour), Now: now,
		Form: formOf(shown.Stream, s.draftOf(false, shown.ProjectID, shown.Destination)),
	}
	v.Changes = p.changesOf(shown.ProjectID, shown.Destination)
	if len(v.Changes) > 0 {
		v.Last = &v.Changes[0]
	}
	if v.More = len(v.Changes) > shownChanges; v.More {
		v.Changes = v.Changes[:shownChanges]
	}
	p.render(w, r, s, http.StatusOK, "stream", v.Title, v)
}

// find returns the stream that a path names, or answers that there is none.
func (p *Page) find(w http.ResponseWriter, r *http.Request, s *session) *row {
	if table := p.Control.Table(); table != nil {
		stream := table.Stream(r.PathValue("project"), managed.Destination(r.PathValue("destination")))
		if stream != nil {
			return &p.rows(managed.NewTable(stream))[0]
		}
	}
	p.notFound(w, r, s)
	return nil
}

// act carries out what a button asks for, says what came of it, and goes on at next.
func (p *Page) act(w http.ResponseWriter, r *http.Request, s *session, next, done string, do func() error) {
	if err := do(); err != nil {
		s.say(note{Bad: true, Text: p.words(err)})
	} else {
		s.say(note{Text: done})
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // localPath has made it a path of this page
}

// words says why something was not done.
func (p *Page) words(err error) string {
	switch {
	case errors.Is(err, ErrNotFound):
		return "There is no such stream any more: it was deleted meanwhile."
	case errors.Is(err, ErrConflict):
		return "The project has a stream to this destination already. Open it in the list and change it there."
	default:
		return err.Error()
	}
}

func (p *Page) enable(w http.ResponseWriter, r *http.Request, s *session) {
	shown := p.find(w, r, s)
	if shown == nil || !p.parseForm(w, r) {
		return
	}
	p.act(w, r, s, back(r, shown.Path), "Enabled: events stream from now on. Earlier ones are not sent again.", func() error {
		return p.Control.SetActive(r.Context(), actorOf(r, s), shown.ProjectID, shown.Destination, true)
	})
}

func (p *Page) test(w http.ResponseWriter, r *http.Request, s *session) {
	shown := p.find(w, r, s)
	if shown == nil {
		return
	}
	ctx, cancel := p.wait(r, s)
	defer cancel()
	answer, err := p.Control.Test(ctx, shown.ProjectID, shown.Destination)
	if err != nil {
		s.say(note{Bad: true, Text: "No test event was sent: " + p.words(err)})
	} else {
		s.say(answerNote(answer, shown.Destination, "took the test event", "did not take the test event"))
	}
	http.Redirect(w, r, shown.Path, http.StatusSeeOther)
}

func actorOf(r *http.Request, s *session) Actor { return Actor{Key: s.key, UserAgent: r.UserAgent()} }

// back is where a form of the overview leads to: the same rows.
func back(r *http.Request, otherwise string) string {
	if next := r.FormValue("back"); next != "" {
		return localPath(next)
	}
	return otherwise
}

// answerNote says what a destination answered.
func answerNote(a managed.Answer, d managed.Destination, took, refused string) note {
	n := note{Bad: !a.OK, Text: destinationName(d) + " " + took}
	if !a.OK {
		n.Text = destinationName(d) + " " + refused
	}
	if a.Code > 0 {
		n.Text += ": it answered " + number(int64(a.Code)) + " in " + millis(a.Took) + "."
	} else {
		n.Text += ": no answer came within " + millis(a.Took) + "."
	}
	n.Said = clip(a.Text, 500)
	return n
}

func millis(d time.Duration) string {
	if d < time.Second {
		return number(d.Milliseconds()) + " ms"
	}
	return d.Round(100 * time.Millisecond).String()
}
