package dashboards

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Every metric of every component is on the collector's dashboard.
func TestEveryMetricIsShown(t *testing.T) {
	dashboard, err := Read(CollectorFile)
	require.NoError(t, err)
	var queries []string
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, target.Expr)
		}
	}
	metrics := componentMetrics(t)
	require.NotEmpty(t, metrics)
	for _, metric := range metrics {
		shown := slices.ContainsFunc(queries, func(query string) bool { return reads(query, metric) })
		require.True(t, shown, "%s: no panel of %s reads it", metric, CollectorFile)
	}
}

// componentMetrics are the names in all metadata.yaml files, as Prometheus has them.
func componentMetrics(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(harness.Path("*/*/metadata.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var metadata struct {
			Telemetry struct{ Metrics map[string]any }
		}
		require.NoError(t, yaml.Unmarshal(content, &metadata), file)
		for name := range metadata.Telemetry.Metrics {
			names = append(names, "otelcol_"+name)
		}
	}
	slices.Sort(names)
	return names
}

var (
	metricName    = regexp.MustCompile(`\botelcol_[a-z_]+`)
	metricPattern = regexp.MustCompile(`__name__=~"([^"]+)"`)
)

// reads tells whether a query selects a metric, a histogram by one of its series.
func reads(query, metric string) bool {
	series := []string{metric, metric + "_bucket", metric + "_count", metric + "_sum"}
	for _, pattern := range metricPattern.FindAllStringSubmatch(query, -1) {
		if slices.ContainsFunc(series, regexp.MustCompile("^(?:"+pattern[1]+")$").MatchString) {
			return true
		}
	}
	return slices.ContainsFunc(metricName.FindAllString(metricPattern.ReplaceAllString(query, ""), -1), func(name string) bool {
		return slices.Contains(series, name)
	})
}

// A dashboard can be imported as it is: its panels have ids of their own, do not overlap, and their
// queries use no variable that Grafana and the dashboard do not have.
func TestDashboardsAreSound(t *testing.T) {
	variable := regexp.MustCompile(`\$\{?([a-z_]+)`)
	for _, file := range []string{EventsFile, CollectorFile} {
		dashboard, err := Read(file)
		require.NoError(t, err)
		known := []string{"__auto", "__range", "__rate_interval"}
		for _, v := range dashboard.Templating.List {
			known = append(known, v.Name)
		}
		require.Contains(t, known, "datasource")
		ids, taken := map[int]bool{}, map[[2]int]string{}
		for _, panel := range dashboard.Panels {
			require.False(t, ids[panel.ID], "%s: id %d twice", file, panel.ID)
			ids[panel.ID] = true
			require.LessOrEqual(t, panel.GridPos.X+panel.GridPos.W, 24, panel.Title)
			for x := range panel.GridPos.W {
				for y := range panel.GridPos.H {
					at := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
					require.Empty(t, taken[at], "%s: %s overlaps", file, panel.Title)
					taken[at] = panel.Title
				}
			}
			require.Equal(t, panel.Type == "row", len(panel.Targets) == 0, panel.Title)
			for _, target := range panel.Targets {
				for _, used := range variable.FindAllStringSubmatch(target.Expr+panel.Title, -1) {
					require.Contains(t, known, used[1], "%s: %s", file, panel.Title)
				}
			}
		}
	}
}
