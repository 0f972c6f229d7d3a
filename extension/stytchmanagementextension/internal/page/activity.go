package page

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/activity"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

type activityView struct {
	On       bool
	Full     bool
	Events   int // kept at most
	Rows     []eventRow
	Filter   activity.Filter
	Projects []Environment // to choose from
	Next     uint64        // number of the next event
	Query    string        // of the address of the stream of events
}

// Blank is the row that page.js fills.
func (activityView) Blank() eventRow { return eventRow{Kind: "idle"} }

// eventRow is an event in the words of the page. page.js gets the same, in JSON.
type eventRow struct {
	Number  uint64 `json:"number"`
	Time    string `json:"time"`
	Action  string `json:"action"`
	Kind    string `json:"kind"` // of the state: its shape
	Status  string `json:"status"`
	Project string `json:"project"`
	To      string `json:"to"`
	Who     string `json:"who"`
	Request string `json:"request"`
	JSON    string `json:"json"`
}

func (p *Page) showActivity(w http.ResponseWriter, r *http.Request, s *session) {
	if p.Activity == nil {
		p.render(w, r, s, http.StatusOK, "activity", "Activity", activityView{})
		return
	}
	f := filterOf(r.URL.Query())
	v := activityView{On: true, Full: p.Activity.Full(), Events: p.Activity.Len(), Filter: f, Projects: p.Control.Environments()}
	events, _, next := p.Activity.Read(f, 0).Read(shownEvents)
	v.Next, v.Rows = next, p.eventRows(events)
	slices.Reverse(v.Rows) // the latest on top
	v.Query = r.URL.Query().Encode()
	if table := p.Control.Table(); table != nil {
		names := p.names()
		for _, stream := range table.Sorted() {
			if _, named := names[stream.ProjectID]; !named && len(v.Projects) < maxChoices {
				v.Projects = append(v.Projects, Environment{ProjectID: stream.ProjectID})
				names[stream.ProjectID] = Environment{}
			}
		}
	}
	p.render(w, r, s, http.StatusOK, "activity", "Activity", v)
}

// shownEvents is how many events the page shows at first.
const shownEvents = 50

// maxChoices bounds the list of projects to choose from.
const maxChoices = 200

func filterOf(v url.Values) activity.Filter {
	get := func(name string) string { return clip(strings.TrimSpace(v.Get(name)), 200) }
	return activity.Filter{
		Project: get("project"), Destination: managed.Destination(get("destination")),
		Status: get("status"), Action: get("action"), Text: get("text"),
	}
}

func (p *Page) eventRows(events []activity.Event) []eventRow {
	names := p.names()
	rows := make([]eventRow, len(events))
	for i, e := range events {
		name, env := names.of(e.Project)
		if name = shortID(name); env != "" {
			name += " · " + env
		}
		rows[i] = eventRow{
			Number: e.Number, Time: e.At.UTC().Format("15:04:05.000"), Action: orDash(e.Action), Kind: eventKind(e),
			Status: strings.TrimSpace(orDash(e.Status) + " " + e.Code), Project: name, To: destinationName(e.Destination),
			Who: orDash(e.Who), Request: orDash(ending(e.Request)), JSON: indented(e.JSON),
		}
	}
	return rows
}

// eventKind is the shape of an event's status.
func eventKind(e activity.Event) string {
	switch status := strings.ToLower(e.Status); {
	case status == "error" && strings.HasPrefix(e.Code, "4"), status == "bounce", status == "undelivered", status == "spam_complaint":
		return "warn"
	case status == "error":
		return "bad"
	case status == "success", status == "delivered", status == "sent":
		return "ok"
	default:
		return "idle"
	}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// ending is the end of a request's id, which tells it apart.
func ending(id string) string {
	if len(id) <= 8 {
		return id
	}
	return "…" + strings.ToValidUTF8(id[len(id)-6:], "")
}

// maxIndented is in bytes. Longer events are shown in one line.
const maxIndented = 64 << 10

// indented breaks JSON into lines. Everything else of it stays as it is.
func indented(text string) string {
	var b bytes.Buffer
	if len(text) > maxIndented || json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
