package page

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// row is a stream as the overview shows it.
type row struct {
	*managed.Stream
	Name, Env string // of the project; the name is its id where it has none
	Path      string
	Where     string
	State     state
	Figures   managed.Snapshot
	Dropped   int64
	Spark     string
	Terraform bool // changed it last
	trouble   *trouble
}

type overviewView struct {
	Rows     []row
	Query    query
	Found    int // rows on all pages
	Streams  int
	Projects int
	Totals   totals
	Troubles []alert
	More     int // troubles that are not shown
	Without  []unconfigured
	Unknown  bool // nothing is known of any stream
	Host     string
}

// totals are the figures of all streams. They add up, as each stream's do.
type totals struct {
	Streaming, Failing, Disabled, Idle   int
	Received, Delivered, Waiting, Missed int64
	Dropped                              map[string]int64
	Since                                time.Time // of the oldest counts
	Oldest                               time.Time
	Rate                                 string
}

// alert is a trouble with the stream that has it.
type alert struct {
	trouble
	Title string // "acme-eu · production → Datadog"
	Path  string
}

// maxAlerts is the number of troubles shown. The table has them all.
const maxAlerts = 5

func (p *Page) showOverview(w http.ResponseWriter, r *http.Request, s *session) {
	p.render(w, r, s, http.StatusOK, "overview", "Stream settings", p.overview(r))
}

func (p *Page) overview(r *http.Request) overviewView {
	v := overviewView{Query: parseQuery(r.URL.Query()), Host: hostName(r.Host)}
	table := p.Control.Table()
	if table == nil {
		v.Unknown = true
		return v
	}
	now, rows := p.now(), p.rows(table)
	v.Streams, v.Without = len(rows), p.unconfigured(table)
	v.Totals, v.Projects = p.sum(rows, now)
	v.Troubles, v.More = alerts(rows)

	rows = v.Query.filter(rows)
	v.Query.sort(rows)
	v.Found = len(rows)
	v.Rows, v.Query = v.Query.page(rows)
	for i := range v.Rows {
		shown := &v.Rows[i]
		shown.Spark = spark(p.samples.hour(shown.Stream.Figures, shown.Figures, now), now)
	}
	return v
}

func (p *Page) rows(table *managed.Table) []row {
	names, byTerraform, now := p.names(), p.lastByTerraform(), p.now()
	rows := make([]row, 0, table.Len())
	for s := range table.All() {
		shown := row{Stream: s, Path: streamURL(s.ProjectID, s.Destination), Where: where(s.Credentials), Figures: s.Figures.Snapshot()}
		shown.Name, shown.Env = names.of(s.ProjectID)
		shown.State = stateOf(s, shown.Figures)
		shown.trouble = troubleOf(s, shown.Figures, now)
		shown.Terraform = byTerraform[streamKey{s.ProjectID, s.Destination}]
		for _, n := range shown.Figures.Dropped {
			shown.Dropped += n
		}
		rows = append(rows, shown)
	}
	return rows
}

func (p *Page) sum(rows []row, now time.Time) (t totals, projects int) {
	t.Dropped = map[string]int64{}
	seen := map[string]bool{}
	perSecond := 0.0
	for _, r := range rows {
		f := r.Figures
		seen[r.ProjectID] = true
		t.Received, t.Delivered, t.Waiting, t.Missed = t.Received+f.Received, t.Delivered+f.Delivered, t.Waiting+f.Waiting, t.Missed+r.Dropped
		for reason, n := range f.Dropped {
			t.Dropped[reason] += n
		}
		if t.Since.IsZero() || f.Since.Before(t.Since) {
			t.Since = f.Since
		}
		if !f.Oldest.IsZero() && (t.Oldest.IsZero() || f.Oldest.Before(t.Oldest)) {
			t.Oldest = f.Oldest
		}
		perSecond += p.samples.now(r.Stream.Figures, f, now)
		switch {
		case !r.Active:
			t.Disabled++
		case r.trouble != nil:
			t.Failing++
		case r.State.Kind == "idle":
			t.Idle++
		default:
			t.Streaming++
		}
	}
	t.Rate = rate(perSecond)
	return t, len(seen)
}

// alerts are the troubles, what is worst and longest first.
func alerts(rows []row) (shown []alert, more int) {
	failing := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.trouble == nil })
	slices.SortFunc(failing, func(a, b row) int {
		return cmp.Or(
			cmp.Compare(slices.Index(kinds, a.State.Kind), slices.Index(kinds, b.State.Kind)),
			-cmp.Compare(a.Figures.Waiting, b.Figures.Waiting),
			cmp.Compare(a.Path, b.Path),
		)
	})
	for _, r := range failing[:min(len(failing), maxAlerts)] {
		shown = append(shown, alert{trouble: *r.trouble, Title: title(r), Path: r.Path})
	}
	return shown, len(failing) - len(shown)
}

// title names a stream: "acme · production → Datadog".
func title(r row) string {
	name := shortID(r.Name)
	if r.Env != "" {
		name += " · " + r.Env
	}
	return name + " → " + destinationName(r.Destination)
}
