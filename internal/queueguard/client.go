package queueguard

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// client is the storage client of one queue. What it knows of the queue is the
// shape of its Batches:
//
//	start     Get index · Gets of the dispatched items · Deletes of them ·
//	          {Set index, Set item} for each
//	offer     {Set index, Set item}
//	read      {Set index, Get item}
//	finish    {Set index, Delete item}; after an error {Delete item}, {Set index}
//
// The queue serializes them, by its mutex or by running alone at start. It never
// goes back to a number that it has read, so an item that is kept although the
// queue has deleted it needs no hiding.
type client struct {
	storage.Client
	damage damage

	// settled: nothing of an earlier process is left to look after.
	settled atomic.Bool

	mu       sync.Mutex
	stored   uint64              // items below this number come from an earlier process
	asked    []uint64            // what the queue took for dispatched at start, in its order
	kept     map[uint64]struct{} // those of asked that are still there: every index names them, and only their move deletes them
	expected []dispatched        // those of kept that the queue has yet to add again, in its order
	standIns map[uint64]uint64   // number the queue gave to an item whose move was refused, to the number it is still at
	lastRead *storage.Operation  // the Get of the latest read
}

// dispatched is an item that the queue is about to add again. It is recognized
// by its logs: the context stored beside them has no fixed order of bytes.
type dispatched struct {
	number uint64
	logs   []byte
}

func newClient(next storage.Client, d damage) *client {
	return &client{Client: next, damage: d, kept: map[uint64]struct{}{}, standIns: map[uint64]uint64{}}
}

func (c *client) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c *client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	if c.settled.Load() {
		return c.batch(ctx, ops)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type != storage.Get }) {
		return c.change(ctx, ops)
	}
	return c.load(ctx, ops)
}

// load serves the Gets of the start and learns from them what is to be guarded.
func (c *client) load(ctx context.Context, ops []*storage.Operation) error {
	err := c.Client.Batch(ctx, ops...)
	for _, op := range ops {
		if op.Key == indexKey {
			if err == nil {
				var found index
				found, err = parseIndex(op.Value)
				c.stored = found.write
			}
			if err != nil {
				c.damage.index(ctx, err)
				// Most damage stops the queue, too. A read index past the write
				// index does not: it would run through all of 2^64 items.
				return fmt.Errorf("queue index: %w", err)
			}
		}
		number, isItem := itemNumber(op.Key)
		if !isItem {
			continue
		}
		c.asked = append(c.asked, number)
		if err != nil {
			c.kept[number] = struct{}{} // the queue goes on to delete what it could not get
			continue
		}
		if op.Value == nil {
			continue // it had moved before an earlier kill
		}
		logs, itemErr := logsOf(op.Value)
		if itemErr != nil {
			c.damage.item(ctx, op.Key, itemErr)
			continue
		}
		c.kept[number] = struct{}{}
		c.expected = append(c.expected, dispatched{number: number, logs: logs})
	}
	return err
}

// change carries out a Batch that writes.
func (c *client) change(ctx context.Context, ops []*storage.Operation) error {
	c.checkLastRead(ctx, ops)

	batch := make([]*storage.Operation, 0, len(ops)+1)
	to, gone, isMove := c.moves(ops)
	isGone := isMove
	var read, standIn *storage.Operation
	for _, op := range ops {
		number, isItem := itemNumber(op.Key)
		if !isItem {
			batch = append(batch, op)
			continue
		}
		if _, keep := c.kept[number]; keep && op.Type == storage.Delete {
			continue
		}
		batch = append(batch, op)
		from, stands := c.standIns[number]
		switch {
		case op.Type == storage.Get:
			read = op
			if stands {
				standIn = storage.GetOperation(itemKey(from))
				batch = append(batch, standIn)
			}
		case op.Type == storage.Delete && stands:
			gone, isGone = from, true
		}
	}
	if isGone {
		delete(c.kept, gone)
		batch = append(batch, storage.DeleteOperation(itemKey(gone)))
	}
	for i, op := range batch {
		if op.Key == indexKey && op.Type == storage.Set {
			batch[i] = storage.SetOperation(indexKey, c.nameKept(op.Value)) // op is the queue's
		}
	}

	if len(batch) == 0 {
		return nil
	}
	if err := c.batch(ctx, batch); err != nil {
		if isGone {
			c.kept[gone] = struct{}{}
		}
		if isMove {
			c.standIns[to] = gone
		}
		if standIn != nil { // the queue goes on to delete what it could not get
			number, _ := itemNumber(read.Key)
			delete(c.standIns, number)
		}
		return err
	}
	if isGone {
		maps.DeleteFunc(c.standIns, func(_, from uint64) bool { return from == gone })
	}
	if standIn != nil && read.Value == nil { // else the Batch that reported an error was carried out
		read.Value = standIn.Value
	}
	if read != nil {
		c.hasRead(read)
	}
	return nil
}

// moves tells whether ops add a dispatched item again: to which number, and from which.
func (c *client) moves(ops []*storage.Operation) (to, from uint64, ok bool) {
	if len(c.expected) == 0 {
		return 0, 0, false
	}
	for _, op := range ops {
		number, isItem := itemNumber(op.Key)
		if !isItem || op.Type != storage.Set {
			continue
		}
		logs, err := logsOf(op.Value)
		if err != nil {
			continue
		}
		at := slices.IndexFunc(c.expected, func(d dispatched) bool { return bytes.Equal(d.logs, logs) })
		if at < 0 {
			continue
		}
		from = c.expected[at].number
		c.expected = slices.Delete(c.expected, at, at+1)
		return number, from, true
	}
	return 0, 0, false
}

// nameKept returns an index value that names every kept item as dispatched.
func (c *client) nameKept(value []byte) []byte {
	if len(c.kept) == 0 {
		return value
	}
	found, err := parseIndex(value)
	if err != nil || slices.Equal(found.dispatched, c.asked) {
		return value // the second: as throughout the start
	}
	unnamed := maps.Clone(c.kept)
	for _, number := range found.dispatched {
		delete(unnamed, number)
	}
	return addDispatched(value, slices.Sorted(maps.Keys(unnamed)))
}

// hasRead takes note of a read. The first one ends the start.
func (c *client) hasRead(op *storage.Operation) {
	c.expected = nil
	number, _ := itemNumber(op.Key)
	if number < c.stored {
		c.lastRead = op
	} else if len(c.kept) == 0 {
		c.settled.Store(true)
	}
}

// checkLastRead reports the item read last if it was damaged. The queue deletes
// an item that it cannot decode in its very next Batch, and takes one that lost
// its envelope for an empty one: only in these two cases is it worth decoding
// the item here once more.
func (c *client) checkLastRead(ctx context.Context, ops []*storage.Operation) {
	last := c.lastRead
	c.lastRead = nil
	if last == nil || last.Value == nil {
		return // nil: an offer that was refused leaves a gap
	}
	finished := slices.ContainsFunc(ops, func(op *storage.Operation) bool {
		return op.Type == storage.Delete && op.Key == last.Key
	})
	if !finished && bytes.HasPrefix(last.Value, envelope) {
		return
	}
	if _, err := logsOf(last.Value); err != nil {
		c.damage.item(ctx, last.Key, err)
	}
}
