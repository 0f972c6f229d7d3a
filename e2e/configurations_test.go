//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/harness"
)

// TestConfigurationsAreValid holds for what a user copies: the examples, and every
// configuration in a document, a part of one together with the local example.
func TestConfigurationsAreValid(t *testing.T) {
	configs := map[string][]string{} // where it stands, to files
	for _, example := range glob(t, "examples/*/*.yaml") {
		configs[example] = []string{harness.Path(example)}
	}
	require.NotEmpty(t, configs)
	for _, document := range slices.Concat(glob(t, "*.md"), glob(t, "*/*.md"), glob(t, "*/*/*.md")) {
		content, err := os.ReadFile(harness.Path(document))
		require.NoError(t, err)
		for line, yaml := range yamlBlocks(string(content)) {
			files := overlayFiles(t, []string{yaml})
			if !wholeConfig(yaml) {
				files = append([]string{harness.Path("examples/local/collector.yaml")}, files...)
			}
			configs[fmt.Sprintf("%s:%d", document, line)] = files
		}
	}
	for where, files := range configs {
		t.Run(where, func(t *testing.T) {
			output, err := validate(t, files...)
			require.NoError(t, err, output)
		})
	}
}

// glob returns the module's files that match, relative to its root.
func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(harness.Path(pattern))
	require.NoError(t, err)
	for i, name := range names {
		names[i], err = filepath.Rel(harness.Path(""), name)
		require.NoError(t, err)
	}
	return names
}

var yamlBlock = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```$")

// yamlBlocks returns the ```yaml blocks of a Markdown text by the line they begin at.
func yamlBlocks(markdown string) map[int]string {
	blocks := map[int]string{}
	for _, at := range yamlBlock.FindAllStringSubmatchIndex(markdown, -1) {
		blocks[1+strings.Count(markdown[:at[2]], "\n")] = markdown[at[2]:at[3]]
	}
	return blocks
}

// wholeConfig tells a configuration from a part of one.
func wholeConfig(yaml string) bool {
	return strings.Contains("\n"+yaml, "\nservice:") && strings.Contains("\n"+yaml, "\nreceivers:")
}

// validate runs `otelcol-stytch validate` with a value for each variable that has no default.
func validate(t *testing.T, files ...string) (output string, err error) {
	t.Helper()
	env := map[string]string{}
	arguments := []string{"validate"}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range variable.FindAllStringSubmatch(string(content), -1) {
			name, hasDefault := match[1], match[2] != ""
			if !hasDefault || strings.Contains(name, "DIRECTORY") { // not a folder outside of the test
				env[name] = plausible(t, name)
			}
		}
		arguments = append(arguments, "--config", file)
	}
	command, err := harness.Command(env, arguments...)
	require.NoError(t, err)
	combined, err := command.CombinedOutput()
	return string(combined), err
}

var variable = regexp.MustCompile(`\$\{env:(\w+)(:-[^}]*)?\}`)

// plausible is a value that a variable of that name may have.
func plausible(t *testing.T, name string) string {
	t.Helper()
	for _, c := range []struct{ part, value string }{
		{"PORT", "8888"},
		{"DIRECTORY", t.TempDir()},
		{"HOSTNAME", "logs.example.net"},
		{"URL", "http://localhost:3100"},
		{"ENDPOINT", "http://localhost:3100"},
		{"SITE", "datadoghq.com"},
		{"SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
		{"", "0123456789abcdef0123456789abcdef"}, // a name, a password, a key
	} {
		if strings.Contains(name, c.part) {
			return c.value
		}
	}
	panic("unreachable: every name contains the empty string")
}
