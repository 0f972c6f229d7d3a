package page

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// names are the configured names of projects, by id.
type names map[string]Environment

func (p *Page) names() names {
	all := names{}
	for _, e := range p.Control.Environments() {
		all[e.ProjectID] = e
	}
	return all
}

// of returns a project's name and environment. Without a name it is the id.
func (all names) of(project string) (name, env string) {
	if e, found := all[project]; found {
		return e.Project, e.Env
	}
	return project, ""
}

// unconfigured is a project without any stream.
type unconfigured struct {
	ProjectID, Name, Env string
	Dropped              int64
	LastSeen             time.Time
	Path                 string // the form that makes a stream for it
}

// unconfigured lists the projects without any stream, those that send events first. A
// project that streams to one destination has made its choice.
func (p *Page) unconfigured(table *managed.Table) []unconfigured {
	has := map[string]bool{}
	for s := range table.All() {
		has[s.ProjectID] = true
	}
	all, found := p.names(), map[string]unconfigured{}
	for id, e := range all {
		if !has[id] {
			found[id] = unconfigured{ProjectID: id, Name: e.Project, Env: e.Env}
		}
	}
	for _, u := range p.Control.Unconfigured() {
		if has[u.ProjectID] {
			continue
		}
		// Each destination's processor drops the same event: the most is their number.
		seen := found[u.ProjectID]
		seen.ProjectID = u.ProjectID
		seen.Name, seen.Env = all.of(u.ProjectID)
		seen.Dropped = max(seen.Dropped, u.Events)
		if u.LastSeen.After(seen.LastSeen) {
			seen.LastSeen = u.LastSeen
		}
		found[u.ProjectID] = seen
	}
	list := slices.SortedFunc(maps.Values(found), func(a, b unconfigured) int {
		return cmp.Or(-cmp.Compare(a.Dropped, b.Dropped), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ProjectID, b.ProjectID))
	})
	for i := range list {
		list[i].Path = "/streams/new?" + url.Values{"project": {list[i].ProjectID}}.Encode()
	}
	return list
}

// projectID is the id that a user means, who may have typed a name: acme/production.
func (p *Page) projectID(typed string) string {
	typed = strings.TrimSpace(typed)
	for _, e := range p.Control.Environments() {
		if strings.EqualFold(typed, e.Project+"/"+e.Env) || strings.EqualFold(typed, e.Project+" · "+e.Env) {
			return e.ProjectID
		}
	}
	return typed
}

type streamKey struct {
	project     string
	destination managed.Destination
}

// lastByTerraform tells of each stream whose last change was Terraform's.
func (p *Page) lastByTerraform() map[streamKey]bool {
	last := map[streamKey]bool{}
	for _, c := range p.Control.Changes() { // newest first
		key := streamKey{c.ProjectID, c.Destination}
		if _, seen := last[key]; !seen {
			last[key] = isTerraform(c)
		}
	}
	return last
}
