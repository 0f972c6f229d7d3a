package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

var (
	link    = regexp.MustCompile(`\]\(([^)#:\s]*)(#[^)\s]*)?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	dropped = regexp.MustCompile("[^a-z0-9 _-]")
)

// Every link between documents leads to a file, and to a heading in it.
func TestLinks(t *testing.T) {
	for _, document := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(outsideBlocks(t, document), -1) {
			target := document
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(document), m[1])
			}
			content, err := os.ReadFile(harness.Path(target))
			if err != nil {
				require.DirExists(t, harness.Path(target), "%s: %s", document, m[0])
				continue
			}
			if m[2] == "" {
				continue
			}
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(string(content), -1) {
				anchors = append(anchors, "#"+strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
			}
			require.Contains(t, anchors, m[2], "%s: %s", document, m[0])
		}
	}
}

// Every test that a document names as its proof exists.
func TestNamedTestsExist(t *testing.T) {
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)[`/]")
	exist := map[string]bool{}
	require.NoError(t, filepath.WalkDir(harness.Path(""), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(content, -1) {
			exist[string(m[1])] = true
		}
		return err
	}))
	count := 0
	for _, document := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(outsideBlocks(t, document), -1) {
			require.True(t, exist[m[1]], "%s names %s", document, m[1])
			count++
		}
	}
	require.NotZero(t, count)
}

// Every picture that a document shows exists.
func TestPicturesExist(t *testing.T) {
	source := regexp.MustCompile(`(?:src|srcset)="([^"]+)"`)
	for _, document := range documents(t) {
		for _, m := range source.FindAllStringSubmatch(outsideBlocks(t, document), -1) {
			require.FileExists(t, harness.Path(filepath.Join(filepath.Dir(document), m[1])), document)
		}
	}
}
