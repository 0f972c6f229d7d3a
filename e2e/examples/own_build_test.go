//go:build own_build

package examples

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestOwnBuild builds examples/own-build as its README does, with this repository for the clone, and
// has the collector take events on its disk, over a kill.
func TestOwnBuild(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"manifest.yaml", "collector.yaml"} {
		content, err := os.ReadFile(harness.Path("examples/own-build/" + name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	require.NoError(t, os.Symlink(harness.Path(""), filepath.Join(folder, "otelcol-stytch")))
	find := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "-n", "builder")
	find.Dir = harness.Path("")
	builder, err := find.Output()
	require.NoError(t, err)
	build := exec.CommandContext(t.Context(), strings.TrimSpace(string(builder)), "--config", "manifest.yaml")
	build.Dir = folder
	build.Env = append(os.Environ(), "GOFLAGS=-p=1")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	t.Setenv("OTELCOL_STYTCH", filepath.Join(folder, "build/otelcol-mine"))
	listen, metrics := "127.0.0.1:"+harness.Port(t), harness.Port(t)
	options := harness.Options{
		Configs: []string{"collector.yaml"}, Directory: folder, Receiver: listen,
		Env: map[string]string{
			"STYTCH_USERNAME": "stytch", "STYTCH_PASSWORD": "s3cret", "LISTEN": listen, "METRICS_PORT": metrics,
			"QUEUE_DIRECTORY": filepath.Join(folder, "queue"), "CLICKHOUSE_ENDPOINT": "tcp://127.0.0.1:" + harness.Port(t),
		},
	}
	collector := harness.Start(t, options)
	events := testdata.Recent(time.Now())
	reply, err := harness.Sender{URL: "http://" + listen, Username: "stytch", Password: "s3cret"}.LokiPush(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	collector.Kill()
	harness.Start(t, options)
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://localhost:" + metrics + "/metrics")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		return err == nil && strings.Contains(string(content), `otelcol_exporter_queue_size{`) &&
			!strings.Contains(string(content), `otelcol_exporter_queue_size{data_type="logs",exporter="clickhouse"} 0`)
	}, time.Minute, 100*time.Millisecond, "the queue has the events again")
}
