package queuestore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// restart moves what an earlier process had dispatched, so that no kill loses it.
//
// The defect (exporterhelper v0.158 to v0.165): at start the queue takes the
// items that its index calls dispatched, which were read but not yet sent, and
//
//  1. reads them (one Batch of Gets),
//  2. deletes them (one Batch of Deletes),
//  3. adds them again, one by one, at the end of the queue (a Batch of two Sets
//     each: the index and the item).
//
// A kill between 2 and the last Batch of 3 loses every item not yet added again.
// So does, without any kill, a storage that fails in 1 or refuses a Batch of 3.
//
// restart therefore
//
//   - leaves out the Deletes of 2 and deletes each item in the very Batch of 3
//     that adds it again. So an item moves in one transaction and is in the
//     storage once at every moment;
//   - lists in every index that the queue writes the items that have not moved,
//     so that the next start finds them;
//   - answers for an item whose move the storage refused, which may be full,
//     from where the item is, under the number that the queue gave it. An item
//     that cannot be read waits in the storage for the next start.
//
// The queue never goes back to a number that it has read, so an item that is
// there although the queue has deleted it needs no hiding. All this ends once
// what an earlier process stored has been read and every dispatched item has
// moved.
//
// TestLossWithoutGuard fails as soon as exporterhelper itself moves each item in
// one Batch and keeps the unmoved ones in its index. Then this file goes, with
// addDispatched and Fingerprint; full.go and deferral.go stay.
// docs/upstream/persistent-queue.md has the change that would do it.
type restart struct {
	next        storage.Client
	damage      Damage
	fingerprint Fingerprint

	done bool // every item of an earlier process has moved or been read

	stored            uint64              // items below this number come from an earlier process
	dispatchedAtStart []uint64            // what the queue took for dispatched at start, in its order
	undeleted         map[uint64]struct{} // those of them that are still there: every index names them, and only their move deletes them
	awaitingMove      []dispatched        // those of undeleted that the queue has yet to add again, in its order
	aliases           map[uint64]uint64   // number the queue gave to an item whose move was refused, to the number it is still at
}

// dispatched is an item that the queue is about to add again.
type dispatched struct {
	number      uint64
	fingerprint []byte
}

func newRestart(next storage.Client, d Damage, identify Fingerprint) restart {
	return restart{next: next, damage: d, fingerprint: identify, undeleted: map[uint64]struct{}{}, aliases: map[uint64]uint64{}}
}

func (r *restart) batch(ctx context.Context, ops []*storage.Operation) error {
	if slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type != storage.Get }) {
		return r.change(ctx, ops)
	}
	return r.load(ctx, ops)
}

// load serves the Gets of the start and learns from them which items must move.
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
		r.dispatchedAtStart = append(r.dispatchedAtStart, number)
		if err != nil {
			r.undeleted[number] = struct{}{} // the queue goes on to delete what it could not get
			continue
		}
		if op.Value == nil {
			continue // it had moved before an earlier kill
		}
		identity, itemErr := r.fingerprint(op.Value)
		if itemErr != nil {
			continue // damaged: the queue passes over it, and whoever decodes it tells
		}
		r.undeleted[number] = struct{}{}
		r.awaitingMove = append(r.awaitingMove, dispatched{number, identity})
	}
	return err
}

// change carries out a Batch that writes.
func (r *restart) change(ctx context.Context, ops []*storage.Operation) error {
	batch := make([]*storage.Operation, 0, len(ops)+1)
	to, gone, isMove := r.moves(ops)
	isGone := isMove
	var read, original *storage.Operation
	for _, op := range ops {
		number, isItem := itemNumber(op.Key)
		if !isItem {
			batch = append(batch, op)
			continue
		}
		if _, stays := r.undeleted[number]; stays && op.Type == storage.Delete {
			continue
		}
		batch = append(batch, op)
		from, isAlias := r.aliases[number]
		switch {
		case op.Type == storage.Get:
			read = op
			if isAlias {
				original = storage.GetOperation(itemKey(from))
				batch = append(batch, original)
			}
		case op.Type == storage.Delete && isAlias:
			gone, isGone = from, true
		}
	}
	if isGone {
		delete(r.undeleted, gone)
		batch = append(batch, storage.DeleteOperation(itemKey(gone)))
	}
	for i, op := range batch {
		if op.Key == indexKey && op.Type == storage.Set {
			batch[i] = storage.SetOperation(indexKey, r.nameUndeleted(op.Value)) // op is the queue's
		}
	}

	if len(batch) == 0 {
		return nil
	}
	if err := r.store(ctx, batch); err != nil {
		if isGone {
			r.undeleted[gone] = struct{}{}
		}
		if isMove {
			r.aliases[to] = gone
		}
		if original != nil { // the queue goes on to delete what it could not get
			number, _ := itemNumber(read.Key)
			delete(r.aliases, number)
		}
		return err
	}
	if isGone {
		maps.DeleteFunc(r.aliases, func(_, from uint64) bool { return from == gone })
	}
	if original != nil && read.Value == nil { // else the Batch that reported an error was carried out
		read.Value = original.Value
	}
	if read != nil {
		r.hasRead(read)
	}
	return nil
}

// moves tells whether ops add a dispatched item again, to which number and from which.
func (r *restart) moves(ops []*storage.Operation) (to, from uint64, ok bool) {
	if len(r.awaitingMove) == 0 {
		return 0, 0, false
	}
	for _, op := range ops {
		number, isItem := itemNumber(op.Key)
		if !isItem || op.Type != storage.Set {
			continue
		}
		identity, err := r.fingerprint(op.Value)
		if err != nil {
			continue
		}
		at := slices.IndexFunc(r.awaitingMove, func(d dispatched) bool { return bytes.Equal(d.fingerprint, identity) })
		if at < 0 {
			continue
		}
		from = r.awaitingMove[at].number
		r.awaitingMove = slices.Delete(r.awaitingMove, at, at+1)
		return number, from, true
	}
	return 0, 0, false
}

// nameUndeleted returns an index value that names every undeleted item as dispatched.
func (r *restart) nameUndeleted(value []byte) []byte {
	if len(r.undeleted) == 0 {
		return value
	}
	found, err := parseIndex(value)
	if err != nil || slices.Equal(found.dispatched, r.dispatchedAtStart) {
		return value // the second: as throughout the start
	}
	unnamed := maps.Clone(r.undeleted)
	for _, number := range found.dispatched {
		delete(unnamed, number)
	}
	return addDispatched(value, slices.Sorted(maps.Keys(unnamed)))
}

// hasRead notes a read. The first one ends the start.
func (r *restart) hasRead(op *storage.Operation) {
	r.awaitingMove = nil
	if number, _ := itemNumber(op.Key); number >= r.stored && len(r.undeleted) == 0 {
		r.done = true
	}
}
