package stytchmanagementextension

import (
	"cmp"
	_ "embed"
	"net/http"
	"slices"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

type unconfiguredAnswer struct {
	envelope
	Unconfigured []unconfiguredView `json:"unconfigured"`
}

// unconfiguredView is a project whose events arrive, and that lacks something.
type unconfiguredView struct {
	ProjectID   string              `json:"project_id"`
	Destination managed.Destination `json:"destination_type"`
	Missing     string              `json:"missing"` // stream or environment
	Events      int64               `json:"events"`
	LastSeen    time.Time           `json:"last_seen"`
}

func (e *managementExtension) listUnconfigured(*call) (answer, error) {
	return &unconfiguredAnswer{Unconfigured: e.missing()}, nil
}

// missing returns projects whose events are dropped for want of a stream, and those whose
// stream the calls of Stytch's API cannot name, where there are such calls at all. Most
// events come first.
func (e *managementExtension) missing() []unconfiguredView {
	table := e.Table()
	all := []unconfiguredView{}
	for _, u := range e.unconfigured(table) {
		all = append(all, unconfiguredView{u.ProjectID, u.Destination, "stream", u.Events, u.LastSeen.UTC()})
	}
	if table != nil && len(e.cfg.Environments) > 0 {
		for s := range table.All() {
			if e.slugs[s.ProjectID] != nil {
				continue
			}
			if f := s.Figures.Snapshot(); f.Received > 0 {
				all = append(all, unconfiguredView{s.ProjectID, s.Destination, "environment", f.Received, f.LastArrival.UTC()})
			}
		}
	}
	slices.SortFunc(all, func(a, b unconfiguredView) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Destination, b.Destination))
	})
	return all
}

type auditAnswer struct {
	envelope
	Changes []change `json:"audit"`
}

func (e *managementExtension) listChanges(*call) (answer, error) {
	return &auditAnswer{Changes: append([]change{}, e.control.audit()...)}, nil
}

//go:embed openapi.yaml
var description []byte

func serveDescription(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(description)
}
