package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// The documents are what the code says.
func TestDocumentsAreCurrent(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, write(folder))
	for _, name := range []string{"configuration.md", "configuration.schema.json"} {
		want, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), "%s is stale: run `make generate`", name)
	}
}

// Every folder of a component is listed.
func TestEveryComponentIsListed(t *testing.T) {
	list, err := os.ReadFile("generated_components.go")
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join("..", "..", "*", "*", "factory.go"))
	require.NoError(t, err)
	require.Len(t, components, len(files))
	for _, file := range files {
		require.Contains(t, string(list), "/"+filepath.Base(filepath.Dir(file))+`"`, "run `make generate`")
	}
}

// Every key that the reference lists is taken by its component and by the schema, with its default or
// a value of its kind; misspelt, both refuse it.
func TestEveryKey(t *testing.T) {
	all, err := describe()
	require.NoError(t, err)
	validate := compiled(t)
	for _, d := range all {
		each(d.root.keys, nil, func(path []string, k *key) {
			name := strings.Join(append([]string{d.kind + "s", d.name()}, path...), "::")
			value := sample(t, k)
			require.NoError(t, take(d, path, value), name)
			require.NoError(t, validate(document(d, path, value)), name)
			misspelt := append(append([]string{}, path[:len(path)-1]...), path[len(path)-1]+"x")
			require.Error(t, take(d, misspelt, value), "%s: the component takes it misspelt", name)
			require.Error(t, validate(document(d, misspelt, value)), "%s: the schema takes it misspelt", name)
		})
	}
}

// each calls f with every key and where it stands, but for those in lists and maps.
func each(keys []*key, path []string, f func([]string, *key)) {
	for _, k := range keys {
		here := append(append([]string{}, path...), k.name)
		f(here, k)
		each(k.keys, here, f)
	}
}

// take has the component read a configuration of one key.
func take(d described, path []string, value any) error {
	return confmap.NewFromStringMap(nested(path, value)).Unmarshal(d.factory.CreateDefaultConfig())
}

// document is a whole configuration with one key.
func document(d described, path []string, value any) any {
	return nested([]string{d.kind + "s", d.name() + "/one"}, nested(path, value))
}

func nested(path []string, value any) map[string]any {
	for len(path) > 1 {
		value = map[string]any{path[len(path)-1]: value}
		path = path[:len(path)-1]
	}
	return map[string]any{path[0]: value}
}

// sample is the key's default, or a value of its kind.
func sample(t *testing.T, k *key) any {
	t.Helper()
	if k.byDefault != "" && k.kind != list {
		value := byDefault(k)
		if float, ok := value.(float64); ok && k.kind == whole {
			return int(float)
		}
		return value
	}
	if len(k.values) > 0 {
		return k.values[0]
	}
	switch k.kind {
	case section, mapping:
		return map[string]any{}
	case list:
		return []any{}
	case text, secret:
		if k.name == "compression" {
			return "gzip"
		}
		return "basicauth"
	case anything:
		return nil
	}
	t.Fatalf("%s: a %s without a default", k.name, k.kind)
	return nil
}

// compiled returns what validates a document by the schema of the repository.
func compiled(t *testing.T) func(any) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "configuration.schema.json"))
	require.NoError(t, err)
	return func(document any) error {
		text, err := json.Marshal(document)
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		return schema.Validate(value)
	}
}
