package httpsend

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/queuestore"
)

// A stream's queue is stored under an id of its own: the exporter's, with the project
// added to its name. So `datadog_logs` has datadog_logs/PROJECT, and `datadog_logs/eu`
// has datadog_logs/eu/PROJECT. A file_storage has a file for each.

// queueID is the id under which a project's queue is stored.
func (f *streams) queueID(name string) component.ID {
	if own := f.set.ID.Name(); own != "" {
		name = own + "/" + name
	}
	return component.NewIDWithName(f.set.ID.Type(), name)
}

// projectOfQueue returns the project whose queue is stored under id. Stytch's project
// ids begin with project-live- or project-test-: another file belongs to another exporter.
func (f *streams) projectOfQueue(id component.ID) (name string, ok bool) {
	name = id.Name()
	if own := f.set.ID.Name(); own != "" {
		if name, ok = strings.CutPrefix(name, own+"/"); !ok {
			return "", false
		}
	}
	project := strings.HasPrefix(name, "project-live-") || strings.HasPrefix(name, "project-test-")
	return name, project && !strings.Contains(name, "/")
}

// storage is that of the queues, or nil where they are in memory.
func (f *streams) storage() *component.ID { return f.common.Queue.Get().StorageID }

// ReadsQueue implements queuestore.Reader.
func (f *streams) ReadsQueue(_ component.ID, signal pipeline.Signal, file string, storages []component.ID) bool {
	id, ok := queuestore.StoredIn(f.set.ID.Type(), file)
	if !ok || signal != pipeline.SignalLogs || f.storage() == nil || !slices.Contains(storages, *f.storage()) {
		return false
	}
	_, ours := f.projectOfQueue(id)
	return ours
}

func (f *streams) warnOfForgotten(host component.Host) {
	queuestore.WarnOfForgotten(f.set.ID, f.set.Logger, host)
}

// startAtOnce bounds how many streams are started at the same time.
const startAtOnce = 8

// lostStreamsMessage is for a start without any stream: it rather lost its storage than
// had each of its streams deleted.
const lostStreamsMessage = "No stream is known, and there are stored queues of streams, which are kept: " +
	"if the storage of the streams was lost, restore it and start again; if all streams were deleted, delete the queues' files"

// openStored starts every stream that has a stored queue, so that it is delivered, and
// drops the stored queues whose stream was deleted. Where no project has a stream, it
// drops nothing.
func (f *streams) openStored() {
	if f.storage() == nil {
		return
	}
	stored, err := queuestore.Stored(f.host, *f.storage(), f.set.ID.Type())
	if err != nil {
		f.set.Logger.Warn("The stored queues of streams cannot be listed: each is read with the next event of its project", zap.Error(err))
		return
	}
	var names []string
	for _, id := range stored {
		if name, ours := f.projectOfQueue(id); ours && !f.isOther(id) {
			names = append(names, name)
		}
	}
	if table := f.source.Table(); len(names) > 0 && table != nil && table.Len() == 0 {
		f.set.Logger.Warn(lostStreamsMessage, zap.Int("queues", len(names)), zap.Stringer("storage", f.storage()), zap.Stringer("extension", f.Extension))
		return
	}
	for names = f.open(names); len(names) > 0; names = f.open(names) {
		select {
		case <-time.After(openAgain):
		case <-f.running.Done():
			return
		}
	}
}

// openAgain is the time after which stored queues are opened again that could not be: the
// process before this one can still have their files.
const openAgain = 5 * time.Second

// open starts the streams of stored queues, or drops what deleted ones have stored. It
// returns those that could not be started, which is logged.
func (f *streams) open(names []string) (failed []string) {
	var mu sync.Mutex
	var all sync.WaitGroup
	free := make(chan struct{}, startAtOnce)
	for _, name := range names {
		free <- struct{}{}
		if f.running.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-free }()
			if f.deleted(name) {
				f.dropStored(name)
				return
			}
			if _, err := f.streamOf(f.running, name); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, name)
			}
		})
	}
	all.Wait()
	return failed
}

// deleted tells whether a project has no stream.
func (f *streams) deleted(name string) bool {
	table := f.source.Table()
	return table != nil && table.Stream(name, f.Destination) == nil
}

// isOther tells whether the queue of this id is that of another exporter, which has the
// name of a project.
func (f *streams) isOther(id component.ID) bool {
	h, ok := f.host.(interface {
		GetExporters() map[pipeline.Signal]map[component.ID]component.Component
	})
	if !ok {
		return false
	}
	_, other := h.GetExporters()[pipeline.SignalLogs][id]
	return other
}

// dropStored drops the stored queue of a project that has no stream any more: the
// process had ended between the deletion and the end of the queue.
func (f *streams) dropStored(name string) {
	p := f.project(name)
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if !f.deleted(name) || p.stream.Load() != nil {
		return // it was created meanwhile, and its events are taken for its own
	}
	ctx := context.WithoutCancel(f.running)
	s, err := f.newStream(ctx, &managed.Stream{ProjectID: name, Destination: f.Destination, Figures: managed.NewFigures()}, Target{})
	if err == nil {
		s.remove()
		err = s.start(ctx, f.host)
	}
	if err != nil {
		f.set.Logger.Warn("The stored queue of a deleted stream cannot be read", zap.String("project", name), zap.Error(err))
		return
	}
	f.drop(p, s)
}

// removeFile removes the file of a queue that is closed and empty.
func (f *streams) removeFile(name string) error {
	if f.storage() == nil {
		return nil
	}
	return queuestore.Remove(f.host, *f.storage(), f.queueID(name))
}
