// Reference writes docs/configuration.md and docs/configuration.schema.json from the components'
// configuration: the keys and defaults of what createDefaultConfig returns, and the comments beside
// the fields. `make generate` runs it.
package main

//go:generate go run ./factories
//go:generate go run . ..

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	otelcomponent "go.opentelemetry.io/collector/component"
)

// component is one of this repository, of a kind such as receiver.
type component struct {
	kind    string
	factory otelcomponent.Factory
}

// described is a component with its keys.
type described struct {
	component
	root *key
}

func (d described) name() string { return d.factory.Type().String() }

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	all, err := describe()
	if err != nil {
		return err
	}
	schema, err := schemaOf(all)
	if err != nil {
		return err
	}
	for name, content := range map[string]string{"configuration.md": markdown(all), "configuration.schema.json": schema} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil { //nolint:gosec // documents, for everybody
			return err
		}
	}
	return nil
}

// describe reads the keys of every component.
func describe() (all []described, err error) {
	comments, err := newComments()
	if err != nil {
		return nil, err
	}
	for _, c := range components {
		config := reflect.ValueOf(c.factory.CreateDefaultConfig()).Elem()
		w := walker{comments: comments}
		root := w.key("", config)
		if w.err != nil {
			return nil, fmt.Errorf("%s %s: %w", c.kind, c.factory.Type(), w.err)
		}
		all = append(all, described{component: c, root: root})
	}
	return all, nil
}
