package queuestore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	bbolt "go.etcd.io/bbolt/errors"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
)

// Fingerprint identifies a stored item. It survives decoding and encoding by the
// queue, and fails for an item that cannot be decoded.
type Fingerprint func(item []byte) ([]byte, error)

// Neighbor keeps values of its own in the queue's storage, under keys that are
// neither numbers nor "qmv0". Open is called before the queue reads, and its error
// ends the start; Close is called once the queue is done, before the storage is
// closed.
type Neighbor interface {
	Open(context.Context, storage.Client) error
	Close()
}

// Wrap guards the queue of next, which exporterhelper made with this configuration
// for the exporter of this id. Without a queue, or with one in memory, it only warns
// of a queue that an earlier configuration has left in a storage. Neighbor may be nil
// then.
//
// The queue is stored under the id stored. It differs from id where an exporter has
// several queues: then the exporter itself is a Reader and calls WarnOfForgotten.
//
// Damage gets a stored index that cannot be read.
func Wrap(
	id, stored component.ID,
	next exporter.Logs,
	queue configoptional.Optional[exporterhelper.QueueBatchConfig],
	identify Fingerprint,
	damage Damage,
	neighbor Neighbor,
) exporter.Logs {
	g := &guardedLogs{Logs: next, id: id, stored: stored, logger: damage.Logger}
	if !queue.HasValue() || queue.Get().StorageID == nil {
		return g
	}
	g.storageID = queue.Get().StorageID
	g.open = func(ctx context.Context, next storage.Client, f file) (*client, error) {
		if err := neighbor.Open(ctx, newChecked(next, f)); err != nil {
			return nil, err
		}
		c := newClient(next, damage, identify)
		c.file, c.neighbor = f, neighbor
		return c, nil
	}
	return g
}

// GuardedClient opens the guarded client of a queue for an exporter of this id that has not gone
// through Wrap. key names the storage, for errors.
func GuardedClient(
	ctx context.Context, ext storage.Extension, key string, id component.ID, name string, identify Fingerprint, damage Damage,
) (storage.Client, error) {
	s := &guardedStorage{Extension: ext, key: key, stored: id, open: func(_ context.Context, next storage.Client, f file) (*client, error) {
		c := newClient(next, damage, identify)
		c.file = f
		return c, nil
	}}
	return s.GetClient(ctx, component.KindExporter, id, name)
}

type guardedLogs struct {
	exporter.Logs
	id        component.ID
	stored    component.ID
	logger    *zap.Logger
	storageID *component.ID // nil: there is no queue, or it is in memory
	open      open
}

// open returns the guarded client of a queue whose storage is open.
type open func(context.Context, storage.Client, file) (*client, error)

func (g *guardedLogs) Start(ctx context.Context, host component.Host) error {
	if g.stored == g.id {
		WarnOfForgotten(g.id, g.logger, host)
	}
	if g.storageID == nil {
		return g.Logs.Start(ctx, host)
	}
	key := fmt.Sprintf("exporters::%s::sending_queue::storage: %s", g.id, g.storageID)
	ext, found := host.GetExtensions()[*g.storageID]
	if !found {
		return fmt.Errorf("%s is not among service::extensions", key)
	}
	if _, ok := ext.(storage.Extension); !ok {
		return fmt.Errorf("%s is an extension that stores nothing", key)
	}
	return g.Logs.Start(ctx, &guardedHost{Host: host, key: key, stored: g.stored, storageID: *g.storageID, open: g.open})
}

// guardedHost is the exporter's host for as long as the exporter runs.
type guardedHost struct {
	component.Host
	key       string // of the storage in the configuration, and its value
	stored    component.ID
	storageID component.ID
	open      open
}

// Report keeps status events flowing: a component reports through its host, and
// embedding component.Host alone would hide that the host takes reports. It is
// the one optional interface of a host that an exporter has a use for; the
// others (factories, modules, exporters, zPages) serve extensions and receivers.
func (h *guardedHost) Report(event *componentstatus.Event) {
	componentstatus.ReportStatus(h.Host, event)
}

func (h *guardedHost) GetExtensions() map[component.ID]component.Component {
	extensions := h.Host.GetExtensions()
	ext, ok := extensions[h.storageID].(storage.Extension)
	if !ok {
		return extensions
	}
	extensions = maps.Clone(extensions) // the host's own map is not ours to change
	extensions[h.storageID] = &guardedStorage{Extension: ext, key: h.key, stored: h.stored, open: h.open}
	return extensions
}

type guardedStorage struct {
	storage.Extension
	key    string
	stored component.ID
	open   open
}

func (s *guardedStorage) GetClient(ctx context.Context, kind component.Kind, _ component.ID, name string) (storage.Client, error) {
	at, queue := placeOf(s.Extension), fileName(s.stored, name)
	if at.directory != "" {
		if err := removeUnfinished(filepath.Join(at.directory, queue)); err != nil {
			return nil, fmt.Errorf("%s: %w", s.key, err)
		}
	}
	next, err := s.Extension.GetClient(ctx, kind, s.stored, name)
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		return nil, fmt.Errorf("%s: another process has the queue's file open, %s: "+
			"stop it, or give each collector a directory of its own", s.key, filepath.Join(at.directory, queue))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", s.key, err)
	}
	c, err := s.open(ctx, next, openedFile(at, queue))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", s.key, err), next.Close(ctx))
	}
	return c, nil
}
