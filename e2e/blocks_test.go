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

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// block is a fenced block of a Markdown document.
type block struct {
	document string // relative to the module's root
	line     int    // of its fence
	language string // what the fence says
	name     string // of the file that the text before it calls it, such as collector.yaml, or ""
	text     string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.document, b.line) }

// whole tells a configuration from a part of one.
func (b block) whole() bool {
	return b.language == "yaml" && strings.Contains("\n"+b.text, "\nservice:") && strings.Contains("\n"+b.text, "\nreceivers:")
}

// manifest tells one of the builder's.
func (b block) manifest() bool {
	return b.language == "yaml" && strings.Contains(b.text, "gomod:")
}

// languages of blocks, and what becomes of them.
var languages = map[string]string{
	"yaml":   "TestConfigurations starts or validates it, TestManifests compares it with builder-config.yaml",
	"sh":     "TestCommands runs it, or a rule below says why not",
	"text":   "a drawing, or lines of a log",
	"diff":   "a change of another project's code",
	"go":     "code of another project",
	"json":   "an answer, or an event",
	"hcl":    "Terraform's: TestSnippetsOfClients compares its names with the example's",
	"js":     "Stytch's SDK for Node: likewise",
	"python": "Stytch's SDK for Python: likewise",
}

// what a shell command is for, and what the test does with it.
const (
	run   = "run"   // it ends by itself with 0
	start = "start" // it runs a collector, which stays up for the document's further commands
)

// commands are rules for the lines of shell blocks; the first that matches counts. What is neither
// run nor started says why.
var commands = []struct{ pattern, how string }{
	{`^(export|cat|printf|echo|mkdir|curl|openssl|kill -HUP "\$PID"$)`, run},
	{`^build/otelcol-stytch (validate|components)\b`, run},
	{`^build/otelcol-stytch --config `, start},
	{`^make run\b`, "TestDemo runs what it runs"},
	{`^make (all|test|race|lint|e2e|e2e-loki|e2e-dashboards|e2e-faults|soak|bench|bench-system|golden|fuzz)\b`, "it runs these tests, or takes minutes"},
	{`^make build\b`, "the tests run what it has built"},
	{`^make dist(-test|-check)?\b`, "it packs for minutes; tools/dist tests what it packs"},
	{`^kubectl\b`, "it needs a cluster; tools/deploy validates what it applies"},
	{`^helm\b`, "it needs a cluster and the network; tools/deploy checks the values"},
	{`^docker\b`, "it needs a container engine; tools/deploy and tools/dist test what it reads"},
	{`^(skopeo|git (tag|push))\b`, "it publishes"},
	{`^[A-Z_]+=.* \./otelcol-stytch `, "tools/dist runs the packaged configuration with these variables"},
	{`^(sudo|sha256sum)\b`, "it needs a published package; make dist-check installs one"},
	{`^go (test|tool|run|build)\b`, "it is a test, or builds for minutes"},
	{`^copy=|\$copy`, "it builds a changed copy of a dependency for minutes"},
	{`^(git clone|aws s3 sync)\b`, "it needs the network"},
	{`^htpasswd\b`, "it is in no package that the tests need"},
	{`^(logcli|comm)\b`, "it needs a Loki with a day of events"},
	{`build/otelcol-mine `, "make example-own-build runs it"},
	{`^kafka-topics\.sh `, "it is Kafka's own"},
}

// how says what TestCommands does with a line of a shell block.
func how(line string) (string, error) {
	for _, rule := range commands {
		if regexp.MustCompile(rule.pattern).MatchString(line) {
			return rule.how, nil
		}
	}
	return "", fmt.Errorf("no rule in `commands` for %q", line)
}

// lines are the commands of a shell block: lines without comments, those that go on joined. A quote
// that is left open goes on, too.
func (b block) lines() (lines []string) {
	open := ""
	for line := range strings.Lines(b.text) {
		open += strings.TrimSuffix(line, "\n")
		if strings.HasSuffix(open, `\`) || strings.HasSuffix(open, "|") || strings.Count(open, "'")%2 != 0 {
			open += "\n"
			continue
		}
		if open != "" && !strings.HasPrefix(open, "#") {
			lines = append(lines, open)
		}
		open = ""
	}
	return lines
}

// Every block of a document has a language that a test knows, every command a rule, and nothing
// that looks like a command stands outside of a block.
func TestBlocksAreClassified(t *testing.T) {
	used := map[string]bool{}
	for _, b := range documentBlocks(t) {
		require.Contains(t, languages, b.language, "%s: a block without a known language", b)
		if b.language != "sh" {
			continue
		}
		require.NotEmpty(t, b.lines(), b)
		runs := 0
		for _, line := range b.lines() {
			how, err := how(line)
			require.NoError(t, err, b)
			used[how] = true
			if how == run || how == start {
				runs++
			}
		}
		require.Contains(t, []int{0, len(b.lines())}, runs, "%s: a block is run as a whole or not at all", b)
	}
	require.True(t, used[run] && used[start], "the documents have commands of both kinds")

	indented := regexp.MustCompile(`(?m)^(\t| {4,})(\$ )?(curl|make|go|git|build/|otelcol|kill|export|sudo)\b.*$`)
	for _, document := range documents(t) {
		require.Empty(t, indented.FindString(outsideBlocks(t, document)), "%s: put it into a block of sh", document)
	}
}

// Every `make` target that a document names exists.
func TestTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile(harness.Path("Makefile"))
	require.NoError(t, err)
	for _, document := range documents(t) {
		content, err := os.ReadFile(harness.Path(document))
		require.NoError(t, err)
		for _, named := range regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]+)").FindAllStringSubmatch(string(content), -1) {
			require.Regexp(t, `(?m)^`+named[1]+`:`, string(makefile), document)
		}
	}
}

// What a document tells to put into a manifest is what the binary is built from.
func TestManifests(t *testing.T) {
	ours, err := os.ReadFile(harness.Path("builder-config.yaml"))
	require.NoError(t, err)
	found := 0
	for _, b := range documentBlocks(t) {
		if !b.manifest() {
			continue
		}
		for _, line := range regexp.MustCompile(`(?m)(gomod|import): .*$`).FindAllString(b.text, -1) {
			require.Contains(t, string(ours), line, b)
			found++
		}
	}
	require.NotZero(t, found)
}

// documents are the Markdown files, but for the generated ones.
func documents(t *testing.T) (documents []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md"} {
		documents = append(documents, glob(t, pattern)...)
	}
	return slices.DeleteFunc(documents, func(name string) bool { return filepath.Base(name) == "documentation.md" })
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

func documentBlocks(t *testing.T) (blocks []block) {
	t.Helper()
	for _, document := range documents(t) {
		blocks = append(blocks, blocksOf(t, document)...)
	}
	return blocks
}

var fenced = regexp.MustCompile("(?ms)^( *)```([^\n]*)\n(.*?)^ *```$")

// called finds a file's name in the last paragraph.
var called = regexp.MustCompile("`([a-z-]+\\.yaml)`(?:[^`\n]*\n?){1,3}\n$")

func blocksOf(t *testing.T, document string) (blocks []block) {
	t.Helper()
	content, err := os.ReadFile(harness.Path(document))
	require.NoError(t, err)
	for _, at := range fenced.FindAllSubmatchIndex(content, -1) {
		indent, name := string(content[at[2]:at[3]]), ""
		if m := called.FindSubmatch(content[:at[0]]); m != nil {
			name = string(m[1])
		}
		blocks = append(blocks, block{
			document: document,
			line:     1 + strings.Count(string(content[:at[0]]), "\n"),
			language: string(content[at[4]:at[5]]),
			name:     name,
			text:     strings.ReplaceAll("\n"+string(content[at[6]:at[7]]), "\n"+indent, "\n")[1:],
		})
	}
	return blocks
}

func outsideBlocks(t *testing.T, document string) string {
	t.Helper()
	content, err := os.ReadFile(harness.Path(document))
	require.NoError(t, err)
	return string(fenced.ReplaceAll(content, nil))
}
