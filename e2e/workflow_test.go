package e2e

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Each module's dependencies are kept up to date.
func TestDependabotKnowsEveryModule(t *testing.T) {
	text, err := os.ReadFile(harness.Path(".github/dependabot.yml"))
	require.NoError(t, err)
	var config struct {
		Updates []struct {
			Ecosystem string `yaml:"package-ecosystem"`
			Directory string
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &config))
	var updated, modules []string
	for _, u := range config.Updates {
		if u.Ecosystem == "gomod" {
			updated = append(updated, u.Directory)
		}
	}
	require.NoError(t, fs.WalkDir(os.DirFS(harness.Path("")), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (name == "build" || strings.HasPrefix(entry.Name(), ".") && name != ".") {
			return filepath.SkipDir
		}
		if entry.Name() == "go.mod" {
			modules = append(modules, path.Join("/", path.Dir(name)))
		}
		return nil
	}))
	require.ElementsMatch(t, modules, updated)
}

// The workflow has no steps of its own: what it runs, anybody can run.
func TestWorkflowRunsOneScript(t *testing.T) {
	text, err := os.ReadFile(harness.Path(".github/workflows/ci.yml"))
	require.NoError(t, err)
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Run, Uses string }
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &workflow))
	var runs []string
	for _, job := range workflow.Jobs {
		for _, step := range job.Steps {
			if step.Run != "" {
				runs = append(runs, step.Run)
			}
		}
	}
	require.Equal(t, []string{".ci/run"}, runs)
	info, err := os.Stat(harness.Path(".ci/run"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100)
}
