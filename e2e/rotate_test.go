//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestReloadReadsFiles rotates, without a restart, the sender's password and the key of Datadog, both
// kept in files of their own. What was acknowledged while Datadog refused the old key arrives.
func TestReloadReadsFiles(t *testing.T) {
	w, passwords, key := fromFiles(t)
	w.collector = harness.Start(t, w.options)
	events := testdata.Mixed(20, time.Now())
	push := func(password string, events []testdata.Event) int {
		t.Helper()
		w.sender.Password = password
		reply, err := w.sender.LokiPush(t.Context(), events)
		require.NoError(t, err)
		return reply.Status
	}
	require.Equal(t, http.StatusNoContent, push("first", events[:10]))
	require.Eventually(t, func() bool { return w.datadog.Statuses()[http.StatusForbidden] > 0 }, 20*time.Second, 20*time.Millisecond)

	write(t, passwords, "stytch:second\n")
	write(t, key, w.datadog.APIKey)
	require.Equal(t, http.StatusNoContent, push("first", nil), "nothing has changed yet")
	require.NoError(t, w.collector.Reload())
	require.Eventually(t, func() bool { return strings.Count(w.collector.Output(), "Everything is ready") == 2 }, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, http.StatusUnauthorized, push("first", events[10:]))
	require.Equal(t, http.StatusNoContent, push("second", events[10:]))
	w.settle(len(events), len(events))
}

// TestReloadOfABrokenConfiguration: the process ends, which is why docs/operating.md has it validated first.
func TestReloadOfABrokenConfiguration(t *testing.T) {
	w, _, key := fromFiles(t)
	collector, err := harness.Launch(t.Context(), w.options)
	require.NoError(t, err)
	t.Cleanup(collector.Kill)

	write(t, key, "")
	arguments := []string{"validate"}
	for _, config := range w.options.Configs {
		arguments = append(arguments, "--config", config)
	}
	command, err := harness.Command(w.options.Env, arguments...)
	require.NoError(t, err)
	output, err := command.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "exporters::datadog_logs::api: key")

	require.NoError(t, collector.Reload())
	select {
	case <-collector.Done():
		require.Contains(t, collector.Output(), "exporters::datadog_logs::api: key")
	case <-time.After(30 * time.Second):
		t.Fatal(collector.Output())
	}
}

// TestPasswordFile rotates Loki's password in a file that basicauth watches: no reload is needed.
func TestPasswordFile(t *testing.T) {
	password := filepath.Join(t.TempDir(), "loki-password")
	write(t, password, "old")
	w := worldToCome(t, "examples/sidecar/collector.yaml", toStandins, `
extensions:
  basicauth/loki: {client_auth: {username: "123456", password_file: "`+password+`"}}
exporters:
  loki:
    auth: {authenticator: basicauth/loki}
    retry_on_failure: {initial_interval: 20ms, max_interval: 100ms}
service:
  extensions: [basicauth/stytch, basicauth/loki, file_storage]
`)
	w.loki.Username, w.loki.Password = "123456", "new"
	w.collector = harness.Start(t, w.options)
	events := testdata.Mixed(10, time.Now())
	reply, err := w.sender.LokiPush(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	require.Eventually(t, func() bool { return w.loki.Statuses()[http.StatusUnauthorized] > 0 }, 20*time.Second, 20*time.Millisecond)
	write(t, password, "new")
	w.settle(len(events), len(events))
}

// fromFiles is a world whose passwords and key of Datadog are in files; the key is a wrong one.
func fromFiles(t *testing.T) (w *world, passwords, key string) {
	t.Helper()
	directory := t.TempDir()
	passwords, key = filepath.Join(directory, "htpasswd"), filepath.Join(directory, "datadog-key")
	write(t, passwords, "stytch:first\n")
	write(t, key, "ffffffffffffffffffffffffffffffff")
	w = worldToCome(t, "examples/sidecar/collector.yaml", toStandins, `
extensions:
  basicauth/stytch: {htpasswd: {file: "`+passwords+`", inline: ""}}
exporters:
  datadog_logs:
    api: {key: "${file:`+key+`}"}
    retry_on_failure: {initial_interval: 20ms, max_interval: 100ms}
`)
	return w, passwords, key
}

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}
