package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const introduction = `# Configuration

Every key of this repository's components, with what it takes and its default. The
READMEs say what to choose: this is the whole list, written from the code by
` + "`make generate`" + `. What the components take from the collector's own packages, such as
HTTP servers and queues, stands below each with its keys and the defaults that hold
here; the link leads to what they do.

[configuration.schema.json](configuration.schema.json) is the same for an editor: it
completes keys and marks those that are misspelt. With the YAML language server, as
in VS Code, put this at the top of a configuration, with the path to your copy:

` + "```text\n# yaml-language-server: $schema=configuration.schema.json\n```" + `

A *duration* is written with its unit, such as ` + "`30s` or `10m`" + `. A *section* that is on or
off by default takes ` + "`enabled: true` and `enabled: false`" + ` besides its keys. A *secret* is
a text that is never shown; take it from a variable or a file. A default of 0 in a
table of the collector's packages leaves the choice to them.
`

// markdown is the document.
func markdown(all []described) string {
	var b strings.Builder
	b.WriteString(introduction)
	for _, d := range all {
		path := d.kind + "s::" + d.name()
		fmt.Fprintf(&b, "\n## %s `%s`\n\n", strings.ToUpper(d.kind[:1])+d.kind[1:], d.name())
		t := table{b: &b, path: path}
		if len(d.root.keys) == 0 {
			b.WriteString("It has no keys.\n")
			continue
		}
		b.WriteString("| key | takes | default | what it is for |\n|---|---|---|---|\n")
		t.own(nil, d.root.keys)
		for _, f := range t.foreign {
			fmt.Fprintf(&b, "\n### %s\n\nFrom [%s](%s).\n\n| key | takes | default |\n|---|---|---|\n", f.heading, packageName(f.from), page(f.from))
			t.all(f.path, f.keys)
		}
	}
	return b.String()
}

// table writes rows, and notes the sections of other packages for tables of their own.
type table struct {
	b       *strings.Builder
	path    string
	foreign []foreign
}

type foreign struct {
	heading, from string
	path          []string
	keys          []*key
}

// own writes the rows of this module's keys.
func (t *table) own(path []string, keys []*key) {
	for _, k := range keys {
		here := append(slices.Clone(path), k.name)
		switch {
		case k.from != "" && k.kind == section && !slices.ContainsFunc(keys, func(other *key) bool { return other != k && other.from == k.from && other.kind != section }):
			heading := t.path + "::" + strings.Join(here, "::")
			fmt.Fprintf(t.b, "| `%s` | %s: [keys](#%s) | | %s |\n", strings.Join(here, "::"), takes(k), anchor(heading), cell(k.comment))
			t.foreign = append(t.foreign, foreign{heading, k.from, here, k.keys})
		case k.from != "":
			t.squashed(path, k)
		default:
			if !k.inList {
				fmt.Fprintf(t.b, "| `%s` | %s | %s | %s |\n", strings.Join(here, "::"), takes(k), shown(k), cell(k.comment))
			}
			t.own(here, below(k))
		}
	}
}

// squashed notes a key of another package's struct that stands among ours.
func (t *table) squashed(path []string, k *key) {
	heading := strings.Join(append([]string{t.path}, path...), "::") + ": " + packageName(k.from)
	for i := range t.foreign {
		if t.foreign[i].heading == heading {
			t.foreign[i].keys = append(t.foreign[i].keys, k)
			return
		}
	}
	t.foreign = append(t.foreign, foreign{heading, k.from, path, []*key{k}})
}

// all writes the rows of keys and of all below them.
func (t *table) all(path []string, keys []*key) {
	for _, k := range keys {
		here := append(slices.Clone(path), k.name)
		if !k.inList {
			fmt.Fprintf(t.b, "| `%s` | %s | %s |\n", strings.Join(here, "::"), takes(k), shown(k))
		}
		t.all(here, below(k))
	}
}

// below are the keys under a key; those of a list's sections stand under `[]`.
func below(k *key) []*key {
	if k.item != nil && k.item.kind == section {
		item := *k.item
		item.name, item.inList = "[]", true
		if k.kind == mapping {
			item.name = "NAME"
		}
		return []*key{&item}
	}
	return k.keys
}

func takes(k *key) string {
	switch {
	case k.kind == section && k.optional && k.on:
		return "section, on"
	case k.kind == section && k.optional:
		return "section, off"
	case k.kind == list:
		return "list of " + plural(k.item)
	case k.kind == mapping:
		return "map of names to " + plural(k.item)
	case len(k.values) > 0:
		return "`" + strings.Join(k.values, "`, `") + "`"
	default:
		return string(k.kind)
	}
}

func plural(k *key) string {
	if k.kind == anything {
		return string(k.kind)
	}
	return string(k.kind) + "s"
}

func shown(k *key) string {
	if k.byDefault == "" {
		return ""
	}
	return "`" + k.byDefault + "`"
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_-", r):
			return r
		}
		return -1
	}, strings.ToLower(heading))
}

// packageName is the last part of a path that is not internal.
func packageName(path string) string {
	path, _, _ = strings.Cut(path, "/internal/")
	return path[strings.LastIndex(path, "/")+1:]
}

// page is where a package of the collector is documented.
func page(path string) string {
	path, _, _ = strings.Cut(path, "/internal/")
	if rest, ok := strings.CutPrefix(path, "go.opentelemetry.io/collector/"); ok {
		return "https://github.com/open-telemetry/opentelemetry-collector/tree/main/" + rest
	}
	return "https://" + cmp.Or(path, module)
}
