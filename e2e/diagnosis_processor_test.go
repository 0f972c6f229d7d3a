//go:build e2e

package e2e

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestADisabledStreamIsNamed has a sender that sees nothing of it: the log and the metrics tell.
func TestADisabledStreamIsNamed(t *testing.T) {
	const n = 50
	w := newWorld(t, `
processors:
  stytch/off: {enabled: false}
service:
  pipelines:
    logs/loki: {processors: [stytch/off]}
`)
	const told, summary = "The stream is disabled: events are acknowledged and dropped", "Dropped events of the disabled stream"
	lines := linesWith(w.collector.Output(), told)
	require.Len(t, lines, 1, "at the start, by default")
	require.Contains(t, lines[0], "\twarn\t")
	require.Contains(t, lines[0], "stytch/off")
	for _, reason := range []string{"disabled", "duplicate"} {
		require.Equal(t, "0", w.dropped("stytch/off", reason))
	}

	reply, err := w.sender.LokiPush(t.Context(), testdata.Mixed(n, time.Now()))
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	require.Equal(t, "50", w.dropped("stytch/off", "disabled"))
	require.Equal(t, "0", w.dropped("stytch/datadog", "disabled"))
	w.settle(0, n)
	lines = linesWith(w.collector.Output(), summary)
	require.NotEmpty(t, lines, "at the end, or after a minute")
	require.Contains(t, lines[0], `"events": 50`)
}

// linesWith are the lines of a log that hold a text.
func linesWith(log, text string) (lines []string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// dropped is the value of a processor's counter for a reason, or "" where there is none.
func (w *world) dropped(processor, reason string) string {
	w.t.Helper()
	answer, err := http.Get(w.metrics)
	require.NoError(w.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	for _, match := range regexp.MustCompile(`(?m)^otelcol_processor_stytch_dropped_events\{(.*)\} (\d+)$`).FindAllStringSubmatch(string(content), -1) {
		if strings.Contains(match[1], `processor="`+processor+`"`) && strings.Contains(match[1], `reason="`+reason+`"`) {
			return match[2]
		}
	}
	return ""
}
