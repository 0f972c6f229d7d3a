//go:build e2e

package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestSnippetsOfClients holds the parts of programs in the example of managed streams against its
// configuration: they name an environment that is there, and the address that it listens on.
func TestSnippetsOfClients(t *testing.T) {
	content, err := os.ReadFile(harness.Path("examples/managed/collector.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(content), `"${env:MANAGEMENT:-localhost:8322}"`)
	var cfg struct {
		Extensions struct {
			Management struct {
				Environments []struct {
					Project     string `yaml:"project_slug"`
					Environment string `yaml:"environment_slug"`
				}
			} `yaml:"stytch_management"`
		}
	}
	require.NoError(t, yaml.Unmarshal(content, &cfg))
	found := map[string]bool{}
	for _, b := range blocksOf(t, "examples/managed/README.md") {
		if b.language == "sh" {
			continue
		}
		found[b.language] = true
		require.Contains(t, b.text, `"https://localhost:8322"`, b)
		require.Contains(t, b.text, `"`+cfg.Extensions.Management.Environments[0].Project+`"`, b)
		require.Contains(t, b.text, `"`+cfg.Extensions.Management.Environments[0].Environment+`"`, b)
	}
	require.Equal(t, map[string]bool{"hcl": true, "go": true, "js": true, "python": true}, found)
}
