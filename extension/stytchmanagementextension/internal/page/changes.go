package page

import (
	"net/http"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// changedStream is a change with the name of its stream.
type changedStream struct {
	Change
	Name, Env string
	Path      string // "" where there is no such stream any more
}

type changesView struct {
	Changes []changedStream
	Of      string // title of the stream that they are of, "" for all
}

// Client names the program that made a change.
func (c Change) Client() string { return client(c) }

// Done is what was done, in the past tense.
func (c Change) Done() string {
	return map[string]string{"create": "created", "update": "changed", "enable": "enabled", "disable": "disabled", "delete": "deleted"}[c.Action]
}

// ByTerraform tells whether Terraform made the change.
func (c Change) ByTerraform() bool { return isTerraform(c) }

func (p *Page) showChanges(w http.ResponseWriter, r *http.Request, s *session) {
	project, d := r.URL.Query().Get("project"), managed.Destination(r.URL.Query().Get("destination"))
	names, table := p.names(), p.Control.Table()
	v := changesView{}
	for _, c := range p.Control.Changes() {
		if project != "" && (c.ProjectID != project || c.Destination != d) {
			continue
		}
		shown := changedStream{Change: c}
		shown.Name, shown.Env = names.of(c.ProjectID)
		if table != nil && table.Stream(c.ProjectID, c.Destination) != nil {
			shown.Path = streamURL(c.ProjectID, c.Destination)
		}
		v.Changes = append(v.Changes, shown)
	}
	if project != "" {
		name, env := names.of(project)
		v.Of = title(row{Stream: &managed.Stream{ProjectID: project, Destination: d}, Name: name, Env: env})
	}
	p.render(w, r, s, http.StatusOK, "changes", "Changes", v)
}

func (p *Page) changesOf(project string, d managed.Destination) []Change {
	var list []Change
	for _, c := range p.Control.Changes() {
		if c.ProjectID == project && c.Destination == d {
			list = append(list, c)
		}
	}
	return list
}
