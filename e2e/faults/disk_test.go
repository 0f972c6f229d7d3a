//go:build e2e

package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// fewInFlight has a queue read little ahead, so that most of what it holds has yet to be read.
const fewInFlight = `
exporters:
  datadog_logs: {sending_queue: {num_consumers: 1, batch: {min_size: 40, max_size: 40}}}
  loki: {sending_queue: {num_consumers: 1, batch: {min_size: 40, max_size: 40}}}
`

// TestDiskFull promises: when the queues have filled their disk the sender gets 503, what was
// acknowledged before arrives once the destinations are back, and the sender gets through again.
func TestDiskFull(t *testing.T) {
	r := prepared(t, fewInFlight)
	smallDisk(t, r.directory, "size=12m")
	r.start()
	r.both(status(http.StatusServiceUnavailable))
	r.ledger.Padding = 1000
	load := r.load(0)
	r.until("the sender is refused", func() bool { return load.Statuses()[http.StatusServiceUnavailable] > 20 })
	t.Logf("acknowledged before the disk was full: %d events", r.ledger.Acknowledged())
	require.Empty(t, load.Wrong())

	getsThrough(r, load, func() { r.both(nil) })
	load.Stop()
	r.everythingArrives()
}

// TestDiskFilledByOthers promises: when something else fills the disk of the queues the sender gets
// 503, what was acknowledged before is delivered all the same, from the full disk, and the sender
// gets through once there is room.
func TestDiskFilledByOthers(t *testing.T) {
	r := prepared(t, fewInFlight)
	smallDisk(t, r.directory, "size=64m")
	r.start()
	r.both(status(http.StatusServiceUnavailable))
	r.push(1000)
	remove := fill(t, r.directory)
	load := r.load(0)
	r.until("the sender is refused", func() bool { return load.Statuses()[http.StatusServiceUnavailable] > 20 })
	require.Empty(t, load.Wrong())

	r.both(nil)
	r.until("delivery from a full disk", func() bool {
		return r.ledger.ArrivedAt(r.loki) >= 1000 && r.ledger.ArrivedAt(r.datadog) >= 1000
	})
	getsThrough(r, load, remove)
	load.Stop()
	r.everythingArrives()
}

// getsThrough mends what is broken and waits until the sender notices.
func getsThrough(r *rig, load *harness.Load, mend func()) {
	r.Helper()
	mend()
	before := load.Statuses()[http.StatusNoContent]
	r.until("the sender gets through again", func() bool { return load.Statuses()[http.StatusNoContent] > before+20 })
}

// smallDisk mounts a file system in memory on a directory.
func smallDisk(t *testing.T, directory, options string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: only root may mount the disk that this test fills")
	}
	require.NoError(t, syscall.Mount("tmpfs", directory, "tmpfs", 0, options))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(directory, syscall.MNT_DETACH)) })
}

// fill takes all the room that is left.
func fill(t *testing.T, directory string) (remove func()) {
	t.Helper()
	file, err := os.Create(filepath.Join(directory, "filler"))
	require.NoError(t, err)
	defer file.Close()
	page := make([]byte, 4096)
	for err == nil {
		_, err = file.Write(page)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	return func() { require.NoError(t, os.Remove(file.Name())) }
}
