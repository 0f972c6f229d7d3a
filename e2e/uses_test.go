//go:build e2e

package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Every component in the binary is used by an example or by a configuration in a document.
func TestEveryComponentHasAUse(t *testing.T) {
	texts := []string{}
	for _, example := range glob(t, "examples/*/*.yaml") {
		content, err := os.ReadFile(harness.Path(example))
		require.NoError(t, err)
		texts = append(texts, string(content))
	}
	for _, b := range documentBlocks(t) {
		if b.language == "yaml" && !b.manifest() {
			texts = append(texts, b.text)
		}
	}
	used := map[string][]string{} // kind, to types
	for _, text := range texts {
		var configuration map[string]yaml.Node
		require.NoError(t, yaml.Unmarshal([]byte(text), &configuration), text)
		for kind, node := range configuration {
			var components map[string]any
			if node.Decode(&components) != nil {
				continue // of the document's own, such as a list
			}
			for id := range components {
				name, _, _ := strings.Cut(id, "/")
				used[kind] = append(used[kind], name)
			}
		}
	}
	command, err := harness.Command(nil, "components")
	require.NoError(t, err)
	output, err := command.Output()
	require.NoError(t, err)
	var binary struct{ Receivers, Processors, Exporters, Connectors, Extensions []struct{ Name string } }
	require.NoError(t, yaml.Unmarshal(output, &binary))
	for kind, components := range map[string][]struct{ Name string }{
		"receivers": binary.Receivers, "processors": binary.Processors, "exporters": binary.Exporters,
		"connectors": binary.Connectors, "extensions": binary.Extensions,
	} {
		require.NotEmpty(t, components, kind)
		for _, component := range components {
			require.True(t, slices.Contains(used[kind], component.Name),
				"%s: %s: give it an example or a documented use, or take it out of builder-config.yaml", kind, component.Name)
		}
	}
}
