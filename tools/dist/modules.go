package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is one that is linked into a binary.
type module struct {
	path, version string
	sum           string // as go.sum has it; "" of one in this repository
	directory     string // of its files
}

// linkedModules asks the binary which modules are in it, and the folder it was built from where they
// are. The main module, which is generated, is not among them.
func linkedModules(binary, source string) ([]module, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	arguments := []string{"list", "-m", "-f", "{{.Path}}\t{{.Dir}}"}
	for _, d := range info.Deps {
		arguments = append(arguments, d.Path)
	}
	list := exec.Command("go", arguments...)
	list.Dir = source
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	directories := map[string]string{}
	for line := range strings.Lines(string(output)) {
		path, directory, _ := strings.Cut(strings.TrimSpace(line), "\t")
		directories[path] = directory
	}
	var modules []module
	for _, d := range info.Deps {
		m := module{path: d.Path, version: d.Version, sum: d.Sum, directory: directories[d.Path]}
		if d.Replace != nil && d.Replace.Sum != "" {
			m.version, m.sum = d.Replace.Version, d.Replace.Sum
		}
		if m.directory == "" {
			return nil, fmt.Errorf("%s@%s is not in the module cache", m.path, m.version)
		}
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return modules, nil
}

var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|authors)([._-].*)?$`)

// writeLicences writes each licence, notice and list of authors once, below the modules that it
// stands in.
func writeLicences(modules []module, path string) error {
	var texts []string // in the order of their first module
	users := map[string][]string{}
	for _, m := range modules {
		entries, err := os.ReadDir(m.directory)
		if err != nil {
			return err
		}
		found := false
		for _, e := range entries {
			if e.IsDir() || !licenceName.MatchString(e.Name()) {
				continue
			}
			content, err := os.ReadFile(filepath.Join(m.directory, e.Name()))
			if err != nil {
				return err
			}
			text := strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n"))
			if users[text] == nil {
				texts = append(texts, text)
			}
			users[text] = append(users[text], m.path+" "+m.version+": "+e.Name())
			found = true
		}
		if !found {
			const none = "No licence file stands in these modules; their documentation names the licence."
			if users[none] == nil {
				texts = append(texts, none)
			}
			users[none] = append(users[none], m.path+" "+m.version)
		}
	}
	var all bytes.Buffer
	for _, text := range texts {
		fmt.Fprintf(&all, "%s\n\n%s\n\n%s\n\n", strings.Join(users[text], "\n"), text, strings.Repeat("=", 80))
	}
	return os.WriteFile(path, all.Bytes(), 0o644)
}
