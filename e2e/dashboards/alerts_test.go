package dashboards

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

type rule struct {
	Alert       string
	Expr        string
	Annotations map[string]string
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	readYAML(t, "dashboards/alerts.yaml", &file)
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(harness.Path(name))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, into), name)
}

// Each rule has series that fire it and series that do not, and a runbook.
func TestEveryRuleIsTested(t *testing.T) {
	var file struct {
		Tests []struct {
			Checks []struct {
				Alertname string
				Exp       []any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	readYAML(t, "dashboards/alerts_test.yaml", &file)
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, check := range test.Checks {
			if len(check.Exp) > 0 {
				fires[check.Alertname] = true
			} else {
				quiet[check.Alertname] = true
			}
		}
	}
	readme, err := os.ReadFile(harness.Path("dashboards/README.md"))
	require.NoError(t, err)
	for _, r := range rules(t) {
		require.True(t, fires[r.Alert], "%s: no series fires it", r.Alert)
		require.True(t, quiet[r.Alert], "%s: no series leaves it quiet", r.Alert)
		require.True(t, strings.HasSuffix(r.Annotations["runbook_url"], "/dashboards/README.md#"+strings.ToLower(r.Alert)), r.Alert)
		require.Regexp(t, `(?m)^### `+r.Alert+`$`, string(readme), "no runbook")
	}
}

// promtool finds the rules valid, and their tests hold.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("NOT RUN: there is no promtool; `make e2e-dashboards` installs it where it may")
	}
	for _, arguments := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		command := exec.CommandContext(t.Context(), promtool, arguments...)
		command.Dir = harness.Path("dashboards")
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
}
