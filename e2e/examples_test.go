package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// exampleTests names, for each folder of examples/, a test that runs it. TestCommands follows each
// README besides, and TestConfigurations starts or validates each file.
var exampleTests = map[string]string{
	"auth-metrics":      "TestAuthMetrics",
	"filter-and-redact": "TestFilterAndRedact",
	"fleet":             "TestFleetExample",
	"gateway":           "TestKill",
	"kafka":             "TestKafka",
	"local":             "TestDemo",
	"managed":           "TestManagedExample",
	"migrate":           "TestMigrate",
	"otlp":              "TestOTLP",
	"own-build":         "TestOwnBuild",
	"replay":            "TestReplay",
	"s3-archive":        "TestS3Archive",
	"sidecar":           "TestSidecarOutlivesACrash",
}

// Every folder of examples/ has a README, a test, and a place in the README's index.
func TestExamples(t *testing.T) {
	var tests strings.Builder
	for _, pattern := range []string{"e2e/*_test.go", "e2e/*/*_test.go"} {
		for _, name := range glob(t, pattern) {
			content, err := os.ReadFile(harness.Path(name))
			require.NoError(t, err)
			tests.Write(content)
		}
	}
	index, err := os.ReadFile(harness.Path("README.md"))
	require.NoError(t, err)
	var folders []string
	for _, folder := range glob(t, "examples/*") {
		name := filepath.Base(folder)
		folders = append(folders, name)
		require.FileExists(t, harness.Path(folder+"/README.md"))
		require.Contains(t, string(index), "]("+folder+")", "README.md lists it")
	}
	var tested []string
	for folder, test := range exampleTests {
		tested = append(tested, folder)
		require.Contains(t, tests.String(), "\nfunc "+test+"(t *testing.T)", folder)
	}
	require.ElementsMatch(t, folders, tested)
}

// No processor stands in two pipelines: their counters would add up.
func TestExamplesHaveAProcessorForEachPipeline(t *testing.T) {
	listed := regexp.MustCompile(`(?m)processors: \[(.*?)\]`)
	for _, example := range glob(t, "examples/*/*.yaml") {
		content, err := os.ReadFile(harness.Path(example))
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, m := range listed.FindAllStringSubmatch(string(content), -1) {
			for id := range strings.SplitSeq(m[1], ", ") {
				if !strings.HasPrefix(id, "stytch") {
					continue
				}
				require.False(t, seen[id], "%s: %s", example, id)
				seen[id] = true
			}
		}
	}
}

// What the smaller collector contains is in the other one, too, at the same version.
func TestLeanManifestIsASubset(t *testing.T) {
	full, lean := manifest(t, "builder-config.yaml"), manifest(t, "builder-config.lean.yaml")
	require.NotEmpty(t, lean)
	for kind, entries := range lean {
		for _, entry := range entries {
			require.True(t, slices.Contains(full[kind], entry), "%s: %v", kind, entry)
		}
	}
	var ours []manifestEntry
	for _, entries := range full {
		for _, entry := range entries {
			if strings.HasPrefix(entry.GoMod, module+" ") {
				ours = append(ours, entry)
			}
		}
	}
	for _, entry := range ours {
		require.True(t, slices.ContainsFunc([]string{"receivers", "processors", "exporters", "extensions"}, func(kind string) bool {
			return slices.Contains(lean[kind], entry)
		}), "every component of ours is in it: %v", entry)
	}
}
