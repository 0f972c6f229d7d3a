package page

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

var functions = template.FuncMap{
	"ago":     ago,
	"asset":   assetURL,
	"date":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") },
	"dict":    dict,
	"list":    func(values ...string) []string { return values },
	"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"name":    destinationName,
	"n64":     func(n int) int64 { return int64(n) },
	"num":     number,
	"plural":  plural,
	"reasons": reasons,
	"short":   shortID,
	"stamp":   func(t time.Time) string { return t.UTC().Format("2 Jan 15:04:05") },
}

// dict makes a map of names and values, for a template that needs several.
func dict(pairs ...any) map[string]any {
	all := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		all[pairs[i].(string)] = pairs[i+1]
	}
	return all
}

// number writes 1284310 as 1,284,310.
func number(n int64) string {
	if n < 0 {
		return "-" + number(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// ago says how long ago t was, "never" for the zero time.
func ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return span(time.Since(t)) + " ago"
}

// span writes a time in its largest unit.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(max(d, 0)/time.Second)) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + " days"
	}
}

var destinationNames = map[managed.Destination]string{managed.Datadog: "Datadog", managed.GrafanaLoki: "Grafana Loki"}

func destinationName(d managed.Destination) string { return destinationNames[d] }

// reasons lists why events were dropped: "90 disabled, 6 too old". The number of the only
// reason stands beside it already.
func reasons(dropped map[string]int64) string {
	var parts []string
	for _, reason := range slices.SortedFunc(maps.Keys(dropped), func(a, b string) int { return int(dropped[b] - dropped[a]) }) {
		if n := dropped[reason]; n > 0 {
			parts = append(parts, number(n)+" "+strings.ReplaceAll(reason, "_", " "))
		}
	}
	if len(parts) == 1 {
		_, only, _ := strings.Cut(parts[0], " ")
		return only
	}
	return strings.Join(parts, ", ")
}

// shortID shortens a project's id in its middle: project-live-9b1f…77d2.
func shortID(id string) string {
	kind, rest, found := strings.Cut(strings.TrimPrefix(id, "project-"), "-")
	if !found || !strings.HasPrefix(id, "project-") || len(rest) < 12 {
		return clip(id, 40)
	}
	return "project-" + kind + "-" + rest[:4] + "…" + rest[len(rest)-4:]
}

// clip cuts a text to at most n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// minShown is how many characters a secret has at least whose last four are shown, as
// in the API.
const minShown = 8

// lastFour shows which secret it is: "…41cf".
func lastFour(secret configopaque.String) string {
	runes := []rune(string(secret))
	if len(runes) <= minShown {
		return "…"
	}
	return "…" + string(runes[len(runes)-4:])
}

// siteNames are the hosts of Datadog's sites, by Stytch's names for them.
// https://docs.datadoghq.com/getting_started/site/
var siteNames = map[string]string{
	"US": "datadoghq.com", "US3": "us3.datadoghq.com", "US5": "us5.datadoghq.com",
	"EU": "datadoghq.eu", "AP1": "ap1.datadoghq.com",
}

// where says which account a stream leads to: "EU · key …41cf".
func where(c managed.Credentials) string {
	switch c.Destination() {
	case managed.Datadog:
		return c.Datadog.Site + " · key " + lastFour(c.Datadog.APIKey)
	case managed.GrafanaLoki:
		return c.Loki.Hostname
	default:
		return ""
	}
}

// client names the program behind a User-Agent.
func client(c Change) string {
	switch agent := c.UserAgent; {
	case c.Through == "page":
		return "this page"
	case isTerraform(c):
		_, version, _ := strings.Cut(agent, "terraform-provider-stytch/")
		return strings.TrimSpace("Terraform " + clip(version, 20))
	case agent == "":
		return "the API"
	default:
		return clip(agent, 60)
	}
}

func isTerraform(c Change) bool {
	return c.Through != "page" && strings.Contains(strings.ToLower(c.UserAgent), "terraform")
}

// rate writes events a second.
func rate(perSecond float64) string {
	if perSecond > 0 && perSecond < 10 {
		return fmt.Sprintf("%.1f a second", perSecond)
	}
	return number(int64(perSecond+0.5)) + " a second"
}
