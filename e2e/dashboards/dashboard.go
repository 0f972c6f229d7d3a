package dashboards

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Dashboard is what Grafana reads from a file, as far as the tests and the pictures need it.
type Dashboard struct {
	UID         string
	Title       string
	Description string
	Panels      []Panel
	Templating  struct{ List []Variable }
}

// Variable is a choice at the top of a dashboard.
type Variable struct {
	Name  string
	Type  string // datasource, textbox or query
	Query json.RawMessage
}

// Panel is a panel, or the heading of a row.
type Panel struct {
	ID          int
	Type        string // row, stat, timeseries, bargauge or logs
	Title       string
	Description string
	GridPos     struct{ X, Y, W, H int } // 24 columns
	FieldConfig struct {
		Defaults  Field
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []struct {
				ID    string
				Value struct{ Mode, FixedColor string }
			}
		}
	}
	Targets []Target
}

// Field is how values are shown.
type Field struct {
	Unit       string
	Decimals   *int
	NoValue    string
	Max        *float64
	Color      struct{ Mode, FixedColor string }
	Thresholds struct {
		Steps []struct {
			Color string
			Value *float64
		}
	}
	Custom struct {
		DrawStyle   string // line or bars
		FillOpacity int
		Stacking    struct{ Mode string }
	}
}

// Target is a query.
type Target struct {
	RefID        string
	Expr         string
	LegendFormat string
	QueryType    string // of Loki: range or instant
	Instant      bool   // of Prometheus
}

// Names of the dashboards' files.
const (
	EventsFile    = "dashboards/grafana/stytch-events.json"
	CollectorFile = "dashboards/grafana/otelcol-stytch.json"
)

// Read reads a dashboard of this repository.
func Read(file string) (Dashboard, error) {
	var d Dashboard
	content, err := os.ReadFile(harness.Path(file))
	if err != nil {
		return d, err
	}
	err = json.NewDecoder(bytes.NewReader(content)).Decode(&d)
	return d, err
}

// Span is the time that a dashboard shows.
type Span struct {
	From, To time.Time
	Step     time.Duration // between two points
	Rate     time.Duration // Grafana's $__rate_interval
}

// Fill puts values in for the variables of a query, as Grafana does.
func (s Span) Fill(expr string, variables map[string]string) string {
	pairs := []string{
		"$__auto", duration(s.Step), "$__range", duration(s.To.Sub(s.From)), "$__rate_interval", duration(s.Rate),
	}
	for name, value := range variables {
		pairs = append(pairs, "$"+name, value)
	}
	return strings.NewReplacer(pairs...).Replace(expr)
}

// duration is one of PromQL's and LogQL's, which take no fractions.
func duration(d time.Duration) string {
	return strings.ReplaceAll(d.Round(time.Second).String(), ".", "")
}
