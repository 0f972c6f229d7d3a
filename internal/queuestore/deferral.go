package queuestore

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
)

const (
	// deferTime is how long the Delete of a finished item waits for a put to carry
	// it. A kill repeats what was delivered in that time. Flushes, at most 10 a
	// second then, cost nothing to speak of.
	deferTime = 100 * time.Millisecond

	// maxDeferred bounds the Deletes that wait, as long as the storage takes them:
	// a batch of many small requests is finished at once.
	maxDeferred = 128

	// maxRefusals bounds what a flush tries: enough to come from all to one by one.
	maxRefusals = 16
)

// deferral saves transactions. An item must be durable when its put returns. That an
// item was read or finished may be stored later, with the next put.
//
// The cost that it saves (exporterhelper v0.158 to v0.165): the queue makes three
// transactions of each request, to put it, to read it and to delete it.
//
//	put       one Batch, with the Deletes that wait
//	read      none, from memory; else one Batch, with the Deletes that wait
//	finish    none
//	others    one Batch, after all that waits
//
// The index that the queue writes with each is its whole state, so the latest
// one stands for all before it. Deletes and the index of their moment go in one
// Batch: the storage holds the queue as it was a moment ago, but for no put is
// it late. A kill takes the queue back to that moment: what it had delivered
// since is delivered again, at most maxDeferred items as long as the storage
// takes the Deletes, and nothing is lost. A clean end delivers nothing again.
//
// TestTransactionsWithoutGuard fails as soon as exporterhelper makes fewer. Then
// this file and recent.go can go; all else stays.
type deferral struct {
	next   storage.Client
	logger *zap.Logger
	mu     *sync.Mutex // held by callers, taken by the timer
	delay  time.Duration

	recent  recent
	index   *storage.Operation   // the Set of the latest index, unless stored
	deletes []*storage.Operation // of finished items, the oldest first
	timer   *time.Timer          // runs while deletes wait; nil: none do
	warned  bool
}

func newDeferral(next storage.Client, logger *zap.Logger, mu *sync.Mutex) deferral {
	return deferral{next: next, logger: logger, mu: mu, delay: deferTime, recent: newRecent(maxRecent)}
}

func (d *deferral) batch(ctx context.Context, ops []*storage.Operation) error {
	if len(ops) == 2 && ops[0].Type == storage.Set && ops[0].Key == indexKey {
		index, item := ops[0], ops[1]
		if _, isItem := itemNumber(item.Key); isItem {
			switch item.Type {
			case storage.Set:
				return d.put(ctx, index, item)
			case storage.Get:
				return d.read(ctx, index, item)
			case storage.Delete:
				d.finish(ctx, index, item)
				return nil
			}
		}
	}
	d.recent.forget()
	return d.carry(ctx, append(d.waiting(), ops...))
}

// put stores an item. Where the storage is full, it first carries out the Deletes
// that wait, to make room.
func (d *deferral) put(ctx context.Context, index, item *storage.Operation) error {
	err := d.carry(ctx, append(slices.Clip(d.deletes), index, item))
	if err != nil && len(d.deletes) > 0 && d.flush(ctx) == nil {
		err = d.carry(ctx, []*storage.Operation{index, item})
	}
	if err == nil {
		d.recent.add(item.Key, item.Value) // the queue made the value for this call alone
	}
	return err
}

// read gets an item, in any case: the queue deletes one whose read fails, and a
// full storage refuses the Set of the index beside the Get.
func (d *deferral) read(ctx context.Context, index, item *storage.Operation) error {
	value, ok := d.recent.take(item.Key)
	if ok {
		item.Value, d.index = value, index
		return nil
	}
	if d.carry(ctx, append(slices.Clip(d.deletes), index, item)) == nil {
		return nil
	}
	d.index = index
	return d.next.Batch(ctx, item)
}

// finish notes an item to delete.
func (d *deferral) finish(ctx context.Context, index, item *storage.Operation) {
	d.index = index
	d.deletes = append(d.deletes, item)
	if d.timer == nil {
		d.timer = time.AfterFunc(d.delay, d.onTimer)
	}
	if len(d.deletes)%maxDeferred == 0 { // not at each one, where the storage refuses
		d.warn(d.flush(ctx))
	}
}

// waiting returns all that is deferred, the index last.
func (d *deferral) waiting() []*storage.Operation {
	if d.index == nil {
		return slices.Clip(d.deletes)
	}
	return append(slices.Clip(d.deletes), d.index)
}

// carry carries out a Batch that stores all that is deferred, or replaces it.
func (d *deferral) carry(ctx context.Context, ops []*storage.Operation) error {
	err := d.next.Batch(ctx, ops...)
	if err == nil {
		d.index, d.deletes = nil, nil
		d.rest()
	}
	return err
}

// flush stores what is deferred by itself. A full storage may have room to
// delete a few items where it has none to delete all, or one where it has none
// to delete another: both are tried, and the room that they leave helps the
// others. Until the index follows it names items that are gone, which a start
// passes over.
func (d *deferral) flush(ctx context.Context) error {
	for n, refusals := maxDeferred+1, 0; ; {
		ops := d.waiting()
		n = min(n, len(ops))
		if n == 0 {
			d.rest()
			return nil
		}
		err := d.next.Batch(ctx, ops[:n]...)
		switch {
		case err == nil && n == len(ops):
			d.index, d.deletes = nil, nil
		case err == nil:
			d.deletes = d.deletes[n:]
			n *= 2
		case refusals == maxRefusals || len(d.deletes) == 0:
			return err
		case n > 1:
			n /= 2
			refusals++
		default:
			d.deletes = append(d.deletes[1:], d.deletes[0])
			refusals++
		}
	}
}

// rest stops the timer, for nothing waits.
func (d *deferral) rest() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// onTimer flushes, and tries again later what the storage refuses.
func (d *deferral) onTimer() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer == nil {
		return // stopped too late
	}
	if err := d.flush(context.Background()); err != nil {
		d.warn(err)
		d.timer.Reset(d.delay)
	}
}

func (d *deferral) close(ctx context.Context) {
	d.rest()
	if err := d.flush(ctx); err != nil {
		d.logger.Warn("The storage refuses to note what the sending queue has delivered, the next start delivers it again",
			zap.Int("requests", len(d.deletes)), zap.Error(err))
	}
}

// warn logs the first refusal.
func (d *deferral) warn(err error) {
	if err == nil || d.warned {
		return
	}
	d.warned = true
	d.logger.Warn("The storage refuses to note what the sending queue has delivered, which is tried until it does; a kill before that delivers it again",
		zap.Int("requests", len(d.deletes)), zap.Error(err))
}
