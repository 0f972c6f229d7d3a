package datadoglogsexporter

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/fakestreams"
)

const deletedLine = `"Dropped the queue of a deleted stream"`

// What a deleted stream had queued, in whatever state, is dropped and counted. A stream
// that is created again has nothing of it.
func TestADeletedStreamDropsItsQueue(t *testing.T) {
	for name, behave := range map[string]func(*accounts){
		"held":          func(a *accounts) { a.answers("k", http.StatusForbidden) },
		"hangs":         func(a *accounts) { a.hangs("k") },
		"in quarantine": func(a *accounts) { a.answers("k", http.StatusBadRequest) },
	} {
		for _, onDisk := range []bool{false, true} {
			where := map[bool]string{false: " in memory", true: " on disk"}[onDisk]
			t.Run(name+where, func(t *testing.T) {
				intake, directory := newAccounts(t), ""
				if onDisk {
					directory = t.TempDir()
				}
				r := newManagedRig(t, fakestreams.New(), intake, directory)
				behave(intake)
				stream := r.set(one, "k")
				for i := range 9 { // less than what puts the destination in doubt
					r.push(one, i, i+1)
				}
				r.eventually(func() bool { return intake.requests("k") > 0 }, "it was tried")
				if name == "in quarantine" {
					r.eventually(func() bool { return r.quarantined() == 9 }, "all are in quarantine")
				}
				r.source.Delete(one, managed.Datadog)
				began := time.Now()
				next := r.set(one, "k2")
				r.push(one, 100, 103)
				require.Less(t, time.Since(began), 5*time.Second, "nobody waits for the destination that hangs")
				r.requireArrived("k2", names(one, 100, 103), 10*time.Second)

				require.Equal(t, map[string]int64{"no_stream": 9}, stream.Figures.Snapshot().Dropped)
				require.Zero(t, stream.Figures.Snapshot().Waiting)
				require.EqualValues(t, 3, next.Figures.Snapshot().Received)
				require.Equal(t, 9, r.Counts("dropped_events", "reason")["no_stream"])
				require.Zero(t, r.quarantined())
				require.Equal(t, 1, strings.Count(r.Log.String(), deletedLine))
				require.Contains(t, r.Log.String(), `"project":"project-live-1","events":9`)

				r.source.Delete(one, managed.Datadog)
				r.eventually(func() bool { return r.status() == "StatusOK" }, "the status")
				if onDisk {
					r.eventually(func() bool { return len(files(t, directory)) == 0 }, "no file stays")
				}
			})
		}
	}
}

// What is stored at the start is delivered, whether the stream is on or off, and dropped
// where the stream was deleted meanwhile. Files of others are left alone.
func TestStoredQueuesAtTheStart(t *testing.T) {
	directory := t.TempDir()
	intake := newAccounts(t)
	intake.answers("k", http.StatusForbidden)
	source := fakestreams.New()
	r := newManagedRig(t, source, intake, directory)
	for _, project := range []string{one, two, three} {
		r.set(project, "k")
		for i := range 5 {
			r.push(project, i, i+1)
		}
	}
	r.eventually(func() bool { return intake.requests("k") >= 3 }, "they were tried")
	r.Stop()
	require.ElementsMatch(t, []string{"test~002Fproject-live-1_logs", "test~002Fproject-live-2_logs", "test~002Fproject-test-3_logs"}, files(t, directory))
	for _, other := range []string{
		"exporter_datadog_logs_project-live-9_logs", "exporter_datadog_logs_other~002Fproject-live-9_logs", "exporter_datadog_logs_test_logs",
		"exporter_datadog_logs_test~002Fnone_logs", "exporter_loki_test~002Fproject-live-9_logs",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(directory, other), []byte("another's"), 0o600))
	}

	after := fakestreams.New()
	off := after.Set(one, datadog("k1"), false)
	on := after.Set(two, datadog("k2"), true)
	r = newManagedRig(t, after, intake, directory)
	r.requireArrived("k1", names(one, 0, 5), 10*time.Second)
	r.requireArrived("k2", names(two, 0, 5), 10*time.Second)
	for _, stream := range []*managed.Stream{off, on} {
		r.eventually(func() bool { return stream.Figures.Snapshot().Delivered == 5 }, "the figures")
		require.EqualValues(t, 5, stream.Figures.Snapshot().Received, "what waited at the start")
	}
	r.eventually(func() bool { return strings.Contains(r.Log.String(), deletedLine) }, "the log tells of the deleted one")
	require.Contains(t, r.Log.String(), `"project":"project-test-3","events":5`)
	require.Equal(t, 5, r.Counts("dropped_events", "reason")["no_stream"])
	r.eventually(func() bool { return len(files(t, directory)) == 5+2 }, "the deleted one's file is gone, no other")
	require.NotContains(t, r.Log.String(), "No exporter of this collector reads this file")
}

// The queue is dropped at the next start where the process ended before it was: neither
// delivered nor left.
func TestAKillAfterTheDeletion(t *testing.T) {
	directory, copied := t.TempDir(), t.TempDir()
	intake := newAccounts(t)
	intake.answers("k", http.StatusForbidden)
	r := newManagedRig(t, fakestreams.New(), intake, directory)
	r.set(one, "k")
	r.push(one, 0, 7)
	r.eventually(func() bool { return intake.requests("k") > 0 }, "it was tried")
	// The copy is what a kill leaves.
	require.NoError(t, os.CopyFS(filepath.Join(copied, "queues"), os.DirFS(directory)))
	copied = filepath.Join(copied, "queues")

	r = newManagedRig(t, fakestreams.New(), intake, copied)
	r.eventually(func() bool {
		return strings.Contains(r.Log.String(), "No stream is known, and there are stored queues")
	}, "the log tells of them")
	r.Stop()
	require.Len(t, files(t, copied), 1, "without any stream nothing is dropped: their storage may be lost")

	others := fakestreams.New()
	others.Set(two, datadog("k2"), true)
	r = newManagedRig(t, others, intake, copied)
	r.eventually(func() bool { return len(files(t, copied)) == 0 }, "the file is gone")
	require.Equal(t, 7, r.Counts("dropped_events", "reason")["no_stream"])
	require.Empty(t, intake.of("k"))

	source := fakestreams.New()
	source.Unknown()
	require.NoError(t, os.CopyFS(filepath.Join(copied, "again"), os.DirFS(directory)))
	r = newManagedRig(t, source, intake, filepath.Join(copied, "again"))
	require.Len(t, files(t, filepath.Join(copied, "again")), 1, "as long as nothing is known of any stream nothing is dropped")
	r.set(one, "k2")
	r.requireArrived("k2", names(one, 0, 7), 10*time.Second)
}

// A queue that cannot be opened stops its own project alone, and is opened as soon as it
// can be.
func TestAStreamThatCannotStart(t *testing.T) {
	directory := t.TempDir()
	intake := newAccounts(t)
	file := filepath.Join(directory, "exporter_datadog_logs_test~002Fproject-live-1_logs")
	require.NoError(t, os.Mkdir(file, 0o700))
	r := newManagedRig(t, fakestreams.New(), intake, directory)
	stream := r.set(one, "k1")
	r.set(two, "k2")
	require.ErrorContains(t, r.ConsumeLogs(t.Context(), eventsOf(one, 0, 1)), "exporters::datadog_logs/test::sending_queue::storage")
	require.Equal(t, managed.Full, stream.Figures.Snapshot().Health, "the sender keeps the events")
	require.Contains(t, stream.Figures.Snapshot().LastError.Text, "exporters::datadog_logs/test::sending_queue::storage")
	r.push(two, 0, 1)
	r.requireArrived("k2", names(two, 0, 1), 10*time.Second)
	require.Contains(t, r.status(), "project-live-1: ")
	require.NoError(t, os.Remove(file))
	r.eventually(func() bool { return r.ConsumeLogs(t.Context(), eventsOf(one, 0, 1)) == nil }, "it starts")
	r.requireArrived("k1", names(one, 0, 1), 10*time.Second)
	require.Equal(t, "StatusOK", r.status())
	r.eventually(func() bool { return stream.Figures.Snapshot().Health == managed.OK }, "it works")
}

// A stored queue whose file another process still has is delivered once it is free, without
// an event of its project.
func TestAStoredQueueThatOpensLater(t *testing.T) {
	directory, intake, source := t.TempDir(), newAccounts(t), fakestreams.New()
	intake.answers("k1", http.StatusForbidden)
	before := newManagedRig(t, source, intake, directory)
	stream := before.set(one, "k1")
	before.push(one, 0, 3)
	before.eventually(func() bool { return stream.Figures.Snapshot().Health == managed.Held }, "they wait")
	before.Stop()
	file := filepath.Join(directory, "exporter_datadog_logs_test~002Fproject-live-1_logs")
	require.NoError(t, os.Rename(file, file+".kept"))
	require.NoError(t, os.Mkdir(file, 0o700))

	source.Set(one, datadog("k2"), true)
	r := newManagedRig(t, source, intake, directory)
	r.eventually(func() bool { return strings.Contains(r.status(), "project-live-1: ") }, "it cannot be opened")
	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Rename(file+".kept", file))
	r.requireArrived("k2", names(one, 0, 3), 30*time.Second)
	r.Stop()
	require.Equal(t, 1, strings.Count(r.Log.String(), "The stream cannot be started"))
}

// A stored index that counts events which are not there, as one of exporterhelper can after
// a kill on a full disk, is believed until the queue is empty, and no longer.
func TestStoredSizesThatAreWrong(t *testing.T) {
	directory, intake, source := t.TempDir(), newAccounts(t), fakestreams.New()
	intake.answers("k1", http.StatusForbidden)
	before := newManagedRig(t, source, intake, directory)
	stream := before.set(one, "k1")
	before.push(one, 0, 3)
	before.eventually(func() bool { return stream.Figures.Snapshot().Health == managed.Held }, "they wait")
	before.Stop()

	id := component.NewIDWithName(component.MustNewType("datadog_logs"), "test/"+one)
	_, files := fileStorage(t, directory)
	client, err := files.(storage.Extension).GetClient(t.Context(), component.KindExporter, id, "logs")
	require.NoError(t, err)
	index, err := client.Get(t.Context(), "qmv0")
	require.NoError(t, err)
	require.Equal(t, []byte{1<<3 | 1, 3, 0}, index[:3], "items_size")
	index[2] = 1 // 3 + 256
	require.NoError(t, client.Set(t.Context(), "qmv0", index))
	require.NoError(t, client.Close(t.Context()))

	source.Delete(one, managed.Datadog)
	stream = source.Set(one, datadog("k1"), true) // with figures of its own, as after a restart
	r := newManagedRig(t, source, intake, directory)
	r.eventually(func() bool { return stream.Figures.Snapshot().Waiting == 3+256 }, "what the index says")
	source.Set(one, datadog("k2"), true)
	r.requireArrived("k2", names(one, 0, 3), 10*time.Second)
	r.eventually(func() bool { return stream.Figures.Snapshot().Waiting == 0 }, "what is there")
	require.EqualValues(t, 3, stream.Figures.Snapshot().Received)
}
