package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

const module = "github.com/otelcol-stytch/otelcol-stytch"

type manifestEntry struct {
	GoMod  string `yaml:"gomod"`
	Import string `yaml:"import"`
}

func manifest(t *testing.T, file string) map[string][]manifestEntry {
	t.Helper()
	text, err := os.ReadFile(harness.Path(file))
	require.NoError(t, err)
	var entries map[string][]manifestEntry
	all := map[string]yaml.Node{}
	require.NoError(t, yaml.Unmarshal(text, &all))
	delete(all, "dist")
	rest, err := yaml.Marshal(all)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(rest, &entries))
	return entries
}

// A component that is not in the manifest is not in the binary.
func TestManifestListsEveryComponent(t *testing.T) {
	var built, written []string
	for kind, entries := range manifest(t, "builder-config.yaml") {
		for _, e := range entries {
			if strings.HasPrefix(e.GoMod, module+" ") {
				require.True(t, strings.HasPrefix(e.Import, module+"/"+strings.TrimSuffix(kind, "s")+"/"), "%s among the %s", e.Import, kind)
				built = append(built, e.Import)
			}
		}
	}
	for _, kind := range []string{"receiver", "processor", "exporter", "extension", "connector"} {
		dirs, err := filepath.Glob(harness.Path(kind + "/*/factory.go"))
		require.NoError(t, err)
		for _, dir := range dirs {
			written = append(written, module+"/"+kind+"/"+filepath.Base(filepath.Dir(dir)))
		}
	}
	require.ElementsMatch(t, written, built)
}

// What the tests link must be what the binary links.
func TestManifestAgreesWithGoMod(t *testing.T) {
	text, err := os.ReadFile(harness.Path("go.mod"))
	require.NoError(t, err)
	versions := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t?(?:require )?(\S+) (v\S+)`).FindAllStringSubmatch(string(text), -1) {
		versions[m[1]] = m[2]
	}
	require.Contains(t, versions, "go.opentelemetry.io/collector/pdata")
	for _, entries := range manifest(t, "builder-config.yaml") {
		for _, e := range entries {
			path, version, _ := strings.Cut(e.GoMod, " ")
			if linked, ok := versions[path]; ok {
				require.Equal(t, linked, version, path)
			}
		}
	}
}

// The status in a component's README is that of its metadata.
func TestReadmesTellTheStability(t *testing.T) {
	files := glob(t, "*/*/metadata.yaml")
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(harness.Path(file))
		require.NoError(t, err)
		var metadata struct {
			Status struct{ Stability map[string][]string }
		}
		require.NoError(t, yaml.Unmarshal(text, &metadata))
		readme, err := os.ReadFile(harness.Path(filepath.Join(filepath.Dir(file), "README.md")))
		require.NoError(t, err)
		require.NotEmpty(t, metadata.Status.Stability, file)
		for level, signals := range metadata.Status.Stability {
			require.Regexp(t, `(?m)^\| stability \| \[`+level+`]\(\S+\): `+strings.Join(signals, ", ")+` \|$`, string(readme), file)
		}
	}
}
