// Package queueguard makes the restart of a persistent sending queue safe, and
// its running cheap: an event that was acknowledged is not lost, whenever the
// process is killed, and a request costs one transaction instead of three, which
// those that come together share.
//
// # What it guards against
//
// exporterhelper's persistent queue (read and tested at v0.158.0; the file is
// the same up to v0.165.0) stores each request as an item under a running
// number and, in one more value, its index: the numbers to read and to write
// next, and those of the dispatched items, which were read but not yet sent. At
// start it takes the dispatched items and
//
//  1. reads them (one Batch of Gets),
//  2. deletes them (one Batch of Deletes),
//  3. adds them again, one by one, at the end of the queue (a Batch of two Sets
//     each: the index and the item).
//
// A kill between 2 and the last Batch of 3 loses every item not yet added again.
// So does, without any kill, a storage that fails in 1 or refuses a Batch of 3.
//
// Later, while it runs, the queue reads an item in one Batch with a Set of the
// index, and deletes the item if that Batch fails, as it does on a full disk.
//
// # How
//
// Wrap stands around an exporter's Start and hands down a host in which the
// queue's storage extension gives out a guarded client. That client
//
//   - leaves out the Deletes of 2 and deletes each item in the very Batch of 3
//     that adds it again. So an item moves in one transaction and is in the
//     storage once at every moment;
//   - lists in every index that the queue writes the items that have not moved,
//     so that the next start finds them;
//   - answers for an item whose move the storage refused, which may be full,
//     from where the item is, under the number that the queue gave it. An item
//     that cannot be read waits in the storage for the next start;
//   - reads an item by itself where the storage refuses the index beside it.
//
// The storage's Batch must be a transaction, as that of file_storage is. If it
// is not, a kill within one may deliver an item twice, as the Delete comes last.
//
// The queue starts empty if it cannot decode its index. The guard logs that at
// Error and counts it. An item that cannot be decoded is the exporter's to tell
// of: the queue passes over it.
//
// # What it leaves for later
//
// All this ends once what an earlier process stored has been read and every
// dispatched item has moved. From then on only an offer is carried out at once.
// Its item is read from memory, if it is among the 8 MiB put and not yet read.
// That items were read or finished is stored with the next offer, or 100 ms after
// the first of them was finished, or when 128 were, or by Close.
//
// So the storage holds the queue as it was up to 100 ms ago, but for no offer is
// it late. A kill takes the queue back to that moment: it delivers again what it
// had delivered since, at most 128 items, and loses nothing. A clean end
// delivers nothing again. A storage that refuses the Deletes, as one that is full
// may, is asked again until it takes them; a kill before that repeats those, too.
//
// # What it puts together
//
// The queue puts one request at a time. Requests of up to 100 records and 256 KiB
// that come meanwhile are put as one, of up to 1,000 and 2 MiB, when it is done;
// they are taken or refused together, but by a queue without room for all, which
// takes those that it has room for. Not so where the queue blocks when it is full,
// nor with the metadata of a client, which the queue stores and batches go by.
//
// # When to delete it
//
// When exporterhelper itself moves each dispatched item in one Batch and counts
// what it cannot decode. TestLossWithoutGuard fails as soon as it does the first.
package queueguard

import (
	"context"
	"errors"
	"maps"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// Identify returns what tells a stored item apart, and is the same for an item
// that the queue has decoded and encoded again. It fails for one that cannot be
// decoded.
type Identify func(item []byte) ([]byte, error)

// Lodger keeps values of its own in the queue's storage, under keys that are
// neither numbers nor "qmv0". Open is called before the queue reads, and its error
// ends the start; Close once the queue is done, before the storage is closed.
type Lodger interface {
	Open(context.Context, storage.Client) error
	Close()
}

// Wrap guards the queue of next, which exporterhelper made with this
// configuration. Without a queue, or with one in memory, it returns next.
//
// It tells damage of a stored index that cannot be read.
func Wrap(
	next exporter.Logs,
	queue configoptional.Optional[exporterhelper.QueueBatchConfig],
	identify Identify,
	damage Damage,
	lodgers ...Lodger,
) exporter.Logs {
	if !queue.HasValue() || queue.Get().StorageID == nil {
		return next
	}
	if !queue.Get().BlockOnOverflow {
		next = &groupCommit{Logs: next}
	}
	return &guardedLogs{
		Logs:      next,
		storageID: *queue.Get().StorageID,
		guard:     func(next storage.Client) *client { return newClient(next, damage, identify) },
		lodgers:   lodgers,
	}
}

type guardedLogs struct {
	exporter.Logs
	storageID component.ID
	guard     func(storage.Client) *client
	lodgers   []Lodger
}

func (g *guardedLogs) Start(ctx context.Context, host component.Host) error {
	return g.Logs.Start(ctx, &guardedHost{Host: host, storageID: g.storageID, guard: g.guard, lodgers: g.lodgers})
}

// guardedHost is the exporter's host for as long as the exporter runs.
type guardedHost struct {
	component.Host
	storageID component.ID
	guard     func(storage.Client) *client
	lodgers   []Lodger
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
		return extensions // the queue says what is wrong, and better
	}
	extensions = maps.Clone(extensions) // the host's own map is not ours to change
	extensions[h.storageID] = &guardedStorage{Extension: ext, guard: h.guard, lodgers: h.lodgers}
	return extensions
}

type guardedStorage struct {
	storage.Extension
	guard   func(storage.Client) *client
	lodgers []Lodger
}

func (s *guardedStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	next, err := s.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	for _, l := range s.lodgers {
		if err := l.Open(ctx, next); err != nil {
			return nil, errors.Join(err, next.Close(ctx))
		}
	}
	c := s.guard(next)
	c.lodgers = s.lodgers
	return c, nil
}

// Damage tells of what was stored and cannot be read: it logs it at Error, and
// counts 1 for each item (a request of one or many events) with the attribute
// kind=item, and 1 for a lost index, and with it all that was queued, with
// kind=index.
type Damage struct {
	Logger  *zap.Logger
	Counter metric.Int64Counter
	Options []metric.AddOption // that go with each count
}

// Item tells of an item: whoever decodes it finds that it is damaged.
func (d Damage) Item(err error) {
	d.Logger.Error("A stored item of the sending queue cannot be read, its events are lost", zap.Error(err))
	d.count(context.Background(), "item")
}

func (d Damage) index(ctx context.Context, err error) {
	d.Logger.Error("The stored index of the sending queue cannot be read, the queue starts empty and what it held is lost",
		zap.Error(err))
	d.count(ctx, "index")
}

func (d Damage) count(ctx context.Context, kind string) {
	d.Counter.Add(ctx, 1, append([]metric.AddOption{metric.WithAttributes(attribute.String("kind", kind))}, d.Options...)...)
}
