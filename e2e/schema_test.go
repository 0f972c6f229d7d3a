package e2e

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Every configuration of the collector in this repository, in files and in documents, is valid by the
// schema for editors. That it refuses what is misspelt is tested beside its generator.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(harness.Path("docs/configuration.schema.json"))
	require.NoError(t, err)
	count := 0
	check := func(where, text string) {
		var document map[string]any
		if yaml.Unmarshal([]byte(text), &document) != nil || !configures(document) {
			return
		}
		content, err := json.Marshal(document)
		require.NoError(t, err, where)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		require.NoError(t, err, where)
		require.NoError(t, schema.Validate(value), where)
		count++
	}
	for _, b := range documentBlocks(t) {
		if b.language == "yaml" {
			check(b.String(), b.text)
		}
	}
	require.NotZero(t, count, "no configuration in the documents")
	inDocuments := count
	require.NoError(t, filepath.WalkDir(harness.Path(""), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == ".git" || name == "build") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".yaml" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err == nil {
			check(path, string(content))
		}
		return err
	}))
	require.Greater(t, count, inDocuments, "no configuration in a file")
	t.Logf("%d configurations in documents, %d in files", inDocuments, count-inDocuments)
}

// configures tells a configuration of the collector, or a part of one, from other documents: it has
// components by their kinds, and each is a section.
func configures(document map[string]any) bool {
	found := false
	for _, kind := range []string{"receivers", "processors", "exporters", "extensions"} {
		value, has := document[kind]
		if _, section := value.(map[string]any); has && !section {
			return false // a list of modules, as the builder's
		}
		found = found || has
	}
	return found
}
