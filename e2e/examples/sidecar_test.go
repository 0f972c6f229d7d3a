//go:build e2e

package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestSidecarSendsServiceLogs promises: what the service writes to its log arrives under its name, over
// a kill, and Stytch's events beside it.
func TestSidecarSendsServiceLogs(t *testing.T) {
	loki, datadog := standin.NewLoki(), standin.NewDatadog("0123456789abcdef0123456789abcdef")
	r := newRig(t, []harness.Destination{loki, datadog}, "sidecar/collector.yaml", "sidecar/service-logs.yaml").overlay(toStandins)
	logs := filepath.Join(t.TempDir(), "service.log")
	r.options.Env["SERVICE_LOGS"], r.options.Env["SERVICE_NAME"] = logs, "ferry"
	var want []string
	write := func(lines ...string) {
		file, err := os.OpenFile(logs, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		_, err = file.WriteString(strings.Join(lines, "\n") + "\n")
		require.NoError(t, err)
		require.NoError(t, file.Close())
		want = append(want, lines...)
	}
	ofService := func() (lines []string) {
		seen := map[string]bool{}
		for _, entry := range loki.Entries() {
			if entry.Labels["service_name"] == "ferry" && !seen[entry.Line] {
				lines, seen[entry.Line] = append(lines, entry.Line), true
			}
		}
		return lines
	}
	write(`{"level":"info","msg":"boat 1"}`, "plain text")
	r.start()
	r.until("the first lines", func() bool { return len(ofService()) == 2 })
	r.collector.Kill()
	write(`{"level":"error","msg":"boat 2","n":1.50}`)
	r.start()
	r.push(testdata.Recent(time.Now())[:1])
	r.until("all lines", func() bool { return len(ofService()) == 3 && len(datadog.Logs()) >= 4 })
	require.ElementsMatch(t, want, ofService())
}
