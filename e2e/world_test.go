//go:build e2e

package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// world is a collector between a sender and both stand-ins.
type world struct {
	t         *testing.T
	loki      *standin.Loki
	datadog   *standin.Datadog
	sender    harness.Sender
	options   harness.Options
	collector *harness.Process
	metrics   string // URL of its own metrics
}

// newWorld starts everything, with the local example's configuration. Each overlay is YAML that is
// merged over it.
func newWorld(t *testing.T, overlays ...string) *world {
	t.Helper()
	return newWorldOf(t, "examples/local/collector.yaml", overlays...)
}

func newWorldOf(t *testing.T, example string, overlays ...string) *world {
	t.Helper()
	w := worldToCome(t, example, overlays...)
	w.collector = harness.Start(t, w.options)
	return w
}

// worldToCome is a world whose collector does not run yet.
func worldToCome(t *testing.T, example string, overlays ...string) *world {
	t.Helper()
	w := &world{t: t, loki: standin.NewLoki(), datadog: standin.NewDatadog("0123456789abcdef0123456789abcdef")}
	w.sender, w.options, w.metrics = harness.Surround(t, []harness.Destination{w.loki, w.datadog}, t.TempDir(),
		append([]string{harness.Path(example)}, overlayFiles(t, overlays)...)...)
	return w
}

func overlayFiles(t *testing.T, overlays []string) []string {
	t.Helper()
	var files []string
	for _, overlay := range overlays {
		file, err := os.CreateTemp(t.TempDir(), "*.yaml")
		require.NoError(t, err)
		_, err = file.WriteString(overlay)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		files = append(files, filepath.ToSlash(file.Name()))
	}
	return files
}

// settle waits until both destinations have n events, then stops the collector, whose queues are
// empty by then: whatever would come twice has come.
func (w *world) settle(inLoki, inDatadog int) {
	w.t.Helper()
	require.EventuallyWithT(w.t, func(c *assert.CollectT) {
		require.GreaterOrEqual(c, w.loki.Received(), inLoki, "events at Loki")
		require.GreaterOrEqual(c, len(w.datadog.Logs()), inDatadog, "events at Datadog")
	}, 20*time.Second, 20*time.Millisecond)
	w.collector.Stop()
	require.Equal(w.t, inLoki, w.loki.Received(), "events at Loki, repeats too")
	require.Len(w.t, w.loki.Entries(), inLoki, "distinct events at Loki")
	require.Len(w.t, w.datadog.Logs(), inDatadog, "events at Datadog")
}

// counter adds up the values of one of the collector's own metrics.
func (w *world) counter(name string) (sum int) {
	w.t.Helper()
	answer, err := http.Get(w.metrics)
	require.NoError(w.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, name+"{") {
			value, err := strconv.Atoi(strings.TrimSpace(line[strings.LastIndex(line, " "):]))
			require.NoError(w.t, err, line)
			sum += value
		}
	}
	return sum
}
