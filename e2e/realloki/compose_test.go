//go:build e2e_loki

package realloki

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// The Compose file's Loki starts with its configuration, stores an event and finds it, with its folders
// and ports elsewhere.
func TestComposeConfiguration(t *testing.T) {
	binary, err := Binary()
	require.NoError(t, err)
	text, err := os.ReadFile(harness.Path("deploy/compose/loki.yaml"))
	require.NoError(t, err)
	data := t.TempDir()
	port, grpc := harness.Port(t), harness.Port(t)
	configuration := strings.NewReplacer(
		": /loki", ": "+filepath.ToSlash(data),
		"http_listen_port: 3100", "http_listen_address: 127.0.0.1, http_listen_port: "+port,
		"grpc_listen_port: 9095", "grpc_listen_address: 127.0.0.1, grpc_listen_port: "+grpc,
	).Replace(string(text))
	require.NotContains(t, configuration, ": /loki")
	file := filepath.Join(data, "loki.yaml")
	require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))

	log, err := os.Create(filepath.Join(data, "log"))
	require.NoError(t, err)
	defer log.Close()
	loki := exec.Command(binary, "-config.file="+file)
	loki.Stdout, loki.Stderr = log, log
	require.NoError(t, loki.Start())
	t.Cleanup(func() {
		loki.Process.Kill() //nolint:errcheck // it may have ended
		loki.Wait()         //nolint:errcheck // it was killed
		if t.Failed() {
			content, _ := os.ReadFile(log.Name())
			t.Logf("%s", content)
		}
	})

	at := "http://127.0.0.1:" + port + "/loki/api/v1/"
	push := fmt.Sprintf(`{"streams":[{"stream":{"source":"stytch"},"values":[["%d","{\"event_id\":\"event-test-1\"}"]]}]}`, time.Now().UnixNano())
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := http.Post(at+"push", "application/json", strings.NewReader(push))
		require.NoError(c, err)
		answer.Body.Close()
		require.Equal(c, http.StatusNoContent, answer.StatusCode)
	}, readyWithin, 100*time.Millisecond)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := http.Get(at + "query_range?query=" + url.QueryEscape(`{source="stytch"}`))
		require.NoError(c, err)
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		require.NoError(c, err)
		require.Contains(c, string(content), `event-test-1`)
	}, readyWithin, 100*time.Millisecond)
}
