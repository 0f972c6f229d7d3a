//go:build e2e

package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// TestReplay promises: what the archive holds arrives, though the program and the collector are killed
// three times each. What the program sends again is dropped; what the collector had on its way comes
// again after a kill, and Loki keeps one of it.
func TestReplay(t *testing.T) {
	archive, events := t.TempDir(), 0
	s3 := newBucket(t)
	live := newRig(t, []harness.Destination{s3}, "s3-archive/collector.yaml").overlay(quickUploads)
	began := time.Now().UTC()
	live.start()
	load := &harness.Load{Sender: live.sender, Ledger: live.ledger, Workers: 4, Batch: 50, Total: 12_000}
	load.Start().Wait()
	live.everythingArrives(s3)
	live.collector.Stop()
	for _, key := range s3.keys(t) { // as `aws s3 sync` does
		object, err := s3.read(key)
		require.NoError(t, err)
		path := filepath.Join(archive, filepath.FromSlash(key))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, object, 0o600))
	}

	loki := standin.NewLoki()
	loki.Forget = true
	r := newRig(t, []harness.Destination{loki}, "replay/collector.yaml").overlay(`
exporters:
  loki: {hostname: "", username: "", password: "", endpoint: "${env:LOKI_URL}", retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}}
`)
	loki.TellEvents(func(event string) { live.ledger.Arrived(loki, event) })
	r.start()
	program := filepath.Join(t.TempDir(), "replay")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, harness.Path("examples/replay")).CombinedOutput()
	require.NoError(t, err, "%s", output)
	var told harness.Output
	start := func(resume string) *exec.Cmd {
		command := exec.CommandContext(t.Context(), program, "-archive", archive, "-batch", "100", "-rate", "3000",
			"-from", began.Format("2006-01-02T15"), "-to", time.Now().UTC().Add(time.Hour).Format("2006-01-02T15"),
			"-url", r.sender.URL+harness.EventsPath, "-resume", filepath.Join(filepath.Dir(program), resume))
		command.Env = []string{"STYTCH_USERNAME=" + r.sender.Username, "STYTCH_PASSWORD=" + r.sender.Password}
		command.Stdout, command.Stderr = &told, &told
		require.NoError(t, command.Start())
		return command
	}
	running := start("replay.json")
	for n := range 3 {
		arrives := func() { r.until("arrivals", func() bool { return live.ledger.ArrivedAt(loki) > events+1000 }) }
		arrives()
		running.Process.Kill() //nolint:errcheck // the test fails below if it has ended
		require.Error(t, running.Wait(), "kill %d came too late: %s", n, &told)
		running = start("replay.json")
		r.collector.Kill()
		r.start()
		events = live.ledger.ArrivedAt(loki)
	}
	require.NoError(t, running.Wait(), "%s", &told)
	r.until("all arrivals", func() bool { return live.ledger.Missing(loki) == 0 })
	once := live.ledger.Account(loki)
	require.NoError(t, start("again.json").Wait(), "%s", &told)
	r.collector.Stop()
	require.Equal(t, once, live.ledger.Account(loki), "a second replay of the window is dropped, event by event")
	account := live.ledger.Account(loki)
	t.Logf("%s\n%s", account, &told)
	require.Equal(t, account.Acknowledged, account.Arrived)
	require.Empty(t, account.Changed)
	require.LessOrEqual(t, account.CollectorRepeats, 3*1000, "one request of the exporter's for each kill")
	require.Contains(t, told.String(), "12000 events, 100.0 %")
}
