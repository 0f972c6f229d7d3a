package queuestore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// restart stands between a queue and its storage as long as something of an
// earlier process is left to look after. The queue never goes back to a number
// that it has read, so an item that is kept although the queue has deleted it
// needs no hiding.
type restart struct {
	next     storage.Client
	damage   Damage
	identify Identify

	settled bool // nothing of an earlier process is left

	stored   uint64              // items below this number come from an earlier process
	asked    []uint64            // what the queue took for dispatched at start, in its order
	kept     map[uint64]struct{} // those of asked that are still there: every index names them, and only their move deletes them
	expected []dispatched        // those of kept that the queue has yet to add again, in its order
	standIns map[uint64]uint64   // number the queue gave to an item whose move was refused, to the number it is still at
}

// dispatched is an item that the queue is about to add again.
type dispatched struct {
	number   uint64
	identity []byte
}

func newRestart(next storage.Client, d Damage, identify Identify) restart {
	return restart{next: next, damage: d, identify: identify, kept: map[uint64]struct{}{}, standIns: map[uint64]uint64{}}
}

func (r *restart) batch(ctx context.Context, ops []*storage.Operation) error {
	if slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type != storage.Get }) {
		return r.change(ctx, ops)
	}
	return r.load(ctx, ops)
}

// load serves the Gets of the start and learns from them what is to be guarded.
func (r *restart) load(ctx context.Context, ops []*storage.Operation) error {
	err := r.next.Batch(ctx, ops...)
	for _, op := range ops {
		if op.Key == indexKey {
			if err == nil {
				var found index
				found, err = parseIndex(op.Value)
				r.stored = found.write
			}
			if err != nil {
				r.damage.index(ctx, err)
				// Most damage stops the queue, too. A read index past the write
				// index does not: it would run through all of 2^64 items.
				return fmt.Errorf("queue index: %w", err)
			}
		}
		number, isItem := itemNumber(op.Key)
		if !isItem {
			continue
		}
		r.asked = append(r.asked, number)
		if err != nil {
			r.kept[number] = struct{}{} // the queue goes on to delete what it could not get
			continue
		}
		if op.Value == nil {
			continue // it had moved before an earlier kill
		}
		identity, itemErr := r.identify(op.Value)
		if itemErr != nil {
			continue // damaged: the queue passes over it, and whoever decodes it tells
		}
		r.kept[number] = struct{}{}
		r.expected = append(r.expected, dispatched{number, identity})
	}
	return err
}

// change carries out a Batch that writes.
func (r *restart) change(ctx context.Context, ops []*storage.Operation) error {
	batch := make([]*storage.Operation, 0, len(ops)+1)
	to, gone, isMove := r.moves(ops)
	isGone := isMove
	var read, standIn *storage.Operation
	for _, op := range ops {
		number, isItem := itemNumber(op.Key)
		if !isItem {
			batch = append(batch, op)
			continue
		}
		if _, keep := r.kept[number]; keep && op.Type == storage.Delete {
			continue
		}
		batch = append(batch, op)
		from, stands := r.standIns[number]
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
		delete(r.kept, gone)
		batch = append(batch, storage.DeleteOperation(itemKey(gone)))
	}
	for i, op := range batch {
		if op.Key == indexKey && op.Type == storage.Set {
			batch[i] = storage.SetOperation(indexKey, r.nameKept(op.Value)) // op is the queue's
		}
	}

	if len(batch) == 0 {
		return nil
	}
	if err := r.store(ctx, batch); err != nil {
		if isGone {
			r.kept[gone] = struct{}{}
		}
		if isMove {
			r.standIns[to] = gone
		}
		if standIn != nil { // the queue goes on to delete what it could not get
			number, _ := itemNumber(read.Key)
			delete(r.standIns, number)
		}
		return err
	}
	if isGone {
		maps.DeleteFunc(r.standIns, func(_, from uint64) bool { return from == gone })
	}
	if standIn != nil && read.Value == nil { // else the Batch that reported an error was carried out
		read.Value = standIn.Value
	}
	if read != nil {
		r.hasRead(read)
	}
	return nil
}

// moves tells whether ops add a dispatched item again: to which number, and from which.
func (r *restart) moves(ops []*storage.Operation) (to, from uint64, ok bool) {
	if len(r.expected) == 0 {
		return 0, 0, false
	}
	for _, op := range ops {
		number, isItem := itemNumber(op.Key)
		if !isItem || op.Type != storage.Set {
			continue
		}
		identity, err := r.identify(op.Value)
		if err != nil {
			continue
		}
		at := slices.IndexFunc(r.expected, func(d dispatched) bool { return bytes.Equal(d.identity, identity) })
		if at < 0 {
			continue
		}
		from = r.expected[at].number
		r.expected = slices.Delete(r.expected, at, at+1)
		return number, from, true
	}
	return 0, 0, false
}

// nameKept returns an index value that names every kept item as dispatched.
func (r *restart) nameKept(value []byte) []byte {
	if len(r.kept) == 0 {
		return value
	}
	found, err := parseIndex(value)
	if err != nil || slices.Equal(found.dispatched, r.asked) {
		return value // the second: as throughout the start
	}
	unnamed := maps.Clone(r.kept)
	for _, number := range found.dispatched {
		delete(unnamed, number)
	}
	return addDispatched(value, slices.Sorted(maps.Keys(unnamed)))
}

// hasRead takes note of a read. The first one ends the start.
func (r *restart) hasRead(op *storage.Operation) {
	r.expected = nil
	if number, _ := itemNumber(op.Key); number >= r.stored && len(r.kept) == 0 {
		r.settled = true
	}
}
