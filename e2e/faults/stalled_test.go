//go:build e2e

package faults

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// withoutQueue is an exporter that has the sender wait for the destination.
const withoutQueue = `
receivers: {stytch: {http: {write_timeout: 5s}}}
exporters: {loki: {sending_queue: {enabled: false}}}
`

// TestWithoutAQueue promises: where nothing is between the sender and a destination that is down, the
// sender gets 503 with Retry-After before http::write_timeout cuts it off, SIGTERM ends the wait as
// well, and what was acknowledged arrives.
func TestWithoutAQueue(t *testing.T) {
	r := newRig(t, withoutQueue)
	r.push(20)
	r.loki.SetFault(status(http.StatusServiceUnavailable))
	load := r.refusedInTime()
	r.loki.SetFault(nil)
	load.Wait()
	require.Empty(t, load.Wrong())
	r.everythingArrives()
}

// refusedInTime pushes a request whose answer is to be 503, twice, and within 5 s each.
func (r *rig) refusedInTime() *harness.Load {
	r.Helper()
	load := &harness.Load{Sender: r.sender, Ledger: r.ledger, Batch: 20, Total: 20}
	r.Cleanup(load.Stop)
	begin := time.Now()
	load.Start()
	r.until("the sender is refused", func() bool { return load.Statuses()[http.StatusServiceUnavailable] >= 2 })
	r.Logf("refused twice after %v; each request may take 5s", time.Since(begin).Round(time.Millisecond))
	require.Empty(r, load.Wrong(), "503 has a Retry-After, and there is no other answer")
	require.Zero(r, load.Statuses()[0], "each request gets an answer")
	return load
}

// TestStopWithoutAQueue promises: SIGTERM does not wait for a destination that is down.
func TestStopWithoutAQueue(t *testing.T) {
	r := newRig(t, `
exporters: {loki: {sending_queue: {enabled: false}}}
`)
	r.loki.SetFault(status(http.StatusServiceUnavailable))
	load := &harness.Load{Sender: r.sender, Ledger: r.ledger, Batch: 20, Total: 20, Pause: time.Hour}
	load.Start()
	r.until("the push waits", func() bool { return r.loki.Requests(harness.LokiPushPath) > 0 })
	begin := time.Now()
	r.collector.Stop()
	took := time.Since(begin)
	load.Stop()
	t.Logf("SIGTERM took %v", took.Round(time.Millisecond))
	require.Less(t, took, 15*time.Second)
	require.Equal(t, map[int]int{http.StatusServiceUnavailable: 1}, load.Statuses())
	require.Empty(t, load.Wrong())
}

// TestFrozenDisk promises: a disk of the queues that answers nothing has the sender get 503 with
// Retry-After in time, and once it answers again the sender gets through and everything that was
// acknowledged arrives.
func TestFrozenDisk(t *testing.T) {
	r := prepared(t, `
receivers: {stytch: {http: {write_timeout: 5s}}}
`)
	freeze := freezable(t, r.directory)
	r.start()
	r.push(100)
	defer freeze(false) // a frozen collector cannot be stopped
	freeze(true)
	load := r.refusedInTime()
	freeze(false)
	load.Wait()
	require.Empty(t, load.Wrong())
	r.everythingArrives()
}

// freezable mounts a disk of its own on a directory and returns what freezes it, and has it go on.
func freezable(t *testing.T, directory string) func(frozen bool) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: only root may mount the disk that this test freezes")
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		t.Skip("NOT RUN: without loop devices there is no disk to freeze: ", err)
	}
	image := filepath.Join(t.TempDir(), "disk")
	run := func(name string, arguments ...string) {
		t.Helper()
		output, err := exec.Command(name, arguments...).CombinedOutput()
		require.NoError(t, err, "%s %v: %s", name, arguments, output)
	}
	file, err := os.Create(image)
	require.NoError(t, err)
	require.NoError(t, file.Truncate(256<<20))
	require.NoError(t, file.Close())
	run("mkfs.ext4", "-q", image)
	run("mount", "-o", "loop", image, directory)
	frozen := false
	t.Cleanup(func() { run("umount", "--lazy", directory) })
	return func(freeze bool) {
		t.Helper()
		if freeze == frozen {
			return
		}
		option := "--unfreeze"
		if freeze {
			option = "--freeze"
		}
		run("fsfreeze", option, directory)
		frozen = freeze
	}
}
