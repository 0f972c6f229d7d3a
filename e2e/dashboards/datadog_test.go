package dashboards

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

type widget struct {
	Definition struct {
		Type     string
		Title    string
		Widgets  []widget
		Requests []struct {
			Queries  []logQuery
			Formulas []struct{ Formula string }
			Query    struct {
				QueryString string `json:"query_string"`
			}
			Columns []struct{ Field string }
		}
	}
}

type logQuery struct {
	Name    string
	Search  struct{ Query string }
	Compute struct{ Metric string }
	GroupBy []struct{ Facet string } `json:"group_by"`
}

// No test can ask Datadog. Every field that its dashboard reads is one of the events, and every value
// that it compares one with occurs there; formulas name their queries.
func TestDatadogDashboard(t *testing.T) {
	content, err := os.ReadFile(harness.Path("dashboards/datadog/stytch-events.json"))
	require.NoError(t, err)
	var dashboard struct {
		Variables []struct{ Name, Prefix string } `json:"template_variables"`
		Widgets   []widget
	}
	require.NoError(t, json.Unmarshal(content, &dashboard))
	values := fieldValues(t)
	for _, v := range dashboard.Variables {
		requireField(t, values, v.Prefix, v.Name)
	}
	term := regexp.MustCompile(`(@[\w.]+):(\([^)]*\)|\[[^\]]*\]|\S+)`)
	variable := regexp.MustCompile(`\$(\w+)`)
	count := 0
	for _, group := range dashboard.Widgets {
		for _, w := range group.Definition.Widgets {
			for _, request := range w.Definition.Requests {
				searches := []string{request.Query.QueryString}
				names := []string{}
				for _, column := range request.Columns {
					if strings.HasPrefix(column.Field, "@") {
						requireField(t, values, column.Field, w.Definition.Title)
					}
				}
				for _, query := range request.Queries {
					searches, names = append(searches, query.Search.Query), append(names, query.Name)
					if query.Compute.Metric != "" {
						requireField(t, values, query.Compute.Metric, w.Definition.Title)
					}
					for _, by := range query.GroupBy {
						requireField(t, values, by.Facet, w.Definition.Title)
					}
				}
				for _, formula := range request.Formulas {
					for _, name := range regexp.MustCompile(`[a-z]\w*`).FindAllString(formula.Formula, -1) {
						require.Contains(t, names, name, w.Definition.Title)
					}
				}
				for _, search := range searches {
					for _, used := range variable.FindAllStringSubmatch(search, -1) {
						require.True(t, slices.ContainsFunc(dashboard.Variables, func(v struct{ Name, Prefix string }) bool { return v.Name == used[1] }), search)
					}
					for _, found := range term.FindAllStringSubmatch(search, -1) {
						requireField(t, values, found[1], w.Definition.Title)
						require.True(t, slices.ContainsFunc(values[found[1][1:]], func(v string) bool { return matches(found[2], v) }), "%s: no event has %s", w.Definition.Title, found[0])
						count++
					}
				}
			}
		}
	}
	require.NotZero(t, count)
}

func requireField(t *testing.T, values map[string][]string, field, where string) {
	t.Helper()
	require.Contains(t, values, strings.TrimPrefix(field, "@"), where)
}

// matches tells whether a value is one of the alternatives of a search, or in its range.
func matches(search, value string) bool {
	if low, high, ok := strings.Cut(strings.Trim(search, "[]"), " TO "); ok {
		return low <= value && value <= high && len(low) == len(value)
	}
	return slices.ContainsFunc(strings.Split(strings.Trim(search, "()"), " OR "), func(one string) bool {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(one), `\*`, ".*") + "$"
		return regexp.MustCompile(pattern).MatchString(value)
	})
}

// fieldValues has each field of the events, dotted where it is nested, and its values.
func fieldValues(t *testing.T) map[string][]string {
	t.Helper()
	values := map[string][]string{}
	var add func(prefix string, object map[string]any)
	add = func(prefix string, object map[string]any) {
		for name, value := range object {
			if nested, ok := value.(map[string]any); ok {
				add(prefix+name+".", nested)
				continue
			}
			text, err := json.Marshal(value)
			require.NoError(t, err)
			values[prefix+name] = append(values[prefix+name], strings.Trim(string(text), `"`))
		}
	}
	for _, event := range Day(time.Now(), 0) {
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(event.JSON), &object))
		add("", object)
	}
	return values
}
