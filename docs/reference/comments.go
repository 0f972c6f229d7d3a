package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/otelcol-stytch/otelcol-stytch"

// comments reads what stands in the source beside the fields of a struct, and which constants a type
// has. Only this module's own are read.
type comments struct {
	set      *token.FileSet
	folders  map[string]string // of a package's source
	packages map[string][]*ast.File
}

func newComments() (*comments, error) {
	command := exec.CommandContext(context.Background(), "go", "list", "-deps", "-f", "{{.ImportPath}}\t{{.Dir}}", module+"/docs/reference")
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages: %w", err)
	}
	c := &comments{set: token.NewFileSet(), folders: map[string]string{}, packages: map[string][]*ast.File{}}
	for lines := bufio.NewScanner(bytes.NewReader(output)); lines.Scan(); {
		if path, folder, ok := strings.Cut(lines.Text(), "\t"); ok && strings.HasPrefix(path, module) {
			c.folders[path] = folder
		}
	}
	return c, nil
}

func (c *comments) files(path string) ([]*ast.File, error) {
	if files, read := c.packages[path]; read {
		return files, nil
	}
	names, err := filepath.Glob(filepath.Join(c.folders[path], "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(c.set, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	c.packages[path] = files
	return files, nil
}

// own tells whether a type is this module's.
func own(t reflect.Type) bool { return strings.HasPrefix(t.PkgPath(), module) }

// field returns the comment of a field, as one line.
func (c *comments) field(t reflect.Type, name string) (string, error) {
	if !own(t) {
		return "", nil
	}
	files, err := c.files(t.PkgPath())
	if err != nil {
		return "", err
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				named, ok := spec.(*ast.TypeSpec)
				if !ok || named.Name.Name != t.Name() {
					continue
				}
				structure, ok := named.Type.(*ast.StructType)
				if !ok {
					continue
				}
				doc, end := "", 0
				for _, f := range structure.Fields.List {
					// A comment holds for the fields in the lines below it, too, if it names them.
					if f.Doc != nil || c.set.Position(f.Pos()).Line > end+1 {
						doc = f.Doc.Text()
					}
					end = c.set.Position(f.End()).Line
					if slices.ContainsFunc(f.Names, func(n *ast.Ident) bool { return n.Name == name }) {
						if f.Doc == nil && !strings.Contains(doc, name) {
							return "", nil
						}
						return strings.Join(strings.Fields(doc), " "), nil
					}
				}
			}
		}
	}
	return "", nil
}

// values returns the constants of a type of texts, in the order of the source.
func (c *comments) values(t reflect.Type) (values []string, err error) {
	if !own(t) || t.Kind() != reflect.String {
		return nil, nil
	}
	files, err := c.files(t.PkgPath())
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.CONST {
				continue
			}
			for _, spec := range general.Specs {
				constant := spec.(*ast.ValueSpec)
				if name, ok := constant.Type.(*ast.Ident); !ok || name.Name != t.Name() {
					continue
				}
				for _, value := range constant.Values {
					if literal, ok := value.(*ast.BasicLit); ok {
						text, err := strconv.Unquote(literal.Value)
						if err != nil {
							return nil, err
						}
						values = append(values, text)
					}
				}
			}
		}
	}
	return values, nil
}
