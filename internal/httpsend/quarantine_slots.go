package httpsend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// The quarantine's records lie in the storage of the queue, where that is on
// disk, beside the queue's own keys ("qmv0" and numbers):
//
//	"quarantine/0" … "quarantine/9999"   a stored request of one record each, as
//	                                     the queue stores it: with a version and a
//	                                     checksum of its own (internal/payload)
//
// There is no index: a start walks through the storage, or asks for each key where the
// storage cannot be walked.
func slotKey(slot int) string { return slotPrefix + strconv.Itoa(slot) }

const slotPrefix = "quarantine/"

// slots are the places of the records in quarantine. Without a storage they are
// numbers alone.
type slots struct {
	client storage.Client // nil: the queue is in memory
	free   []int          // slots given back
	used   int            // slots ever given out
	ops    []*storage.Operation
}

var errNoRoom = errors.New("the quarantine of refused events is full")

// put gives a record a slot, as it is stored. Commit stores it.
func (s *slots) put(stored []byte) (slot int, err error) {
	if n := len(s.free); n > 0 {
		slot, s.free = s.free[n-1], s.free[:n-1]
	} else if s.used < maxQuarantined {
		slot = s.used
		s.used++
	} else {
		return 0, errNoRoom
	}
	if s.client != nil {
		s.ops = append(s.ops, storage.SetOperation(slotKey(slot), stored))
	}
	return slot, nil
}

// take empties a slot. Commit carries it out.
func (s *slots) take(slot int) {
	if s.client != nil {
		s.ops = append(s.ops, storage.DeleteOperation(slotKey(slot)))
	}
}

// release gives a slot back, once it is empty.
func (s *slots) release(slot int) { s.free = append(s.free, slot) }

// commit carries out what was put and taken since, in one transaction.
func (s *slots) commit() error {
	ops := s.ops
	s.ops = nil
	if len(ops) == 0 {
		return nil
	}
	return s.client.Batch(context.Background(), ops...)
}

// Open loads what an earlier process has left. The queue's storage calls it before
// the queue reads.
func (q *quarantine) Open(ctx context.Context, client storage.Client) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.slots.client = client
	stored, err := storedSlots(ctx, client)
	if err != nil {
		return fmt.Errorf("reading the quarantine of refused events: %w", err)
	}
	for slot := range stored {
		q.slots.used = max(q.slots.used, slot+1)
	}
	now := time.Now()
	for slot := range q.slots.used {
		value, found := stored[slot]
		if !found {
			q.slots.release(slot)
			continue
		}
		_, r, err := q.encoding.Unmarshal(value) // tells of damage
		if err != nil {
			q.slots.take(slot)
			q.slots.release(slot)
			continue
		}
		x := &quarantined{request: r.(*payload.Request), slot: slot, since: now, next: q.after(now)}
		q.records[x] = struct{}{}
		q.size += x.request.BytesSize()
	}
	if err := q.slots.commit(); err != nil {
		return fmt.Errorf("deleting what cannot be read of the quarantine: %w", err)
	}
	q.found = len(q.records)
	q.changed(nil)
	return nil
}

// storedSlots returns the records that the storage has, by their slots.
func storedSlots(ctx context.Context, client storage.Client) (map[int][]byte, error) {
	stored := map[int][]byte{}
	if walker, ok := client.(storage.Walker); ok {
		return stored, walker.Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
			number, ours := strings.CutPrefix(key, slotPrefix)
			if slot, err := strconv.Atoi(number); ours && err == nil && slot >= 0 && slot < maxQuarantined {
				stored[slot] = slices.Clone(value) // which is the walk's
			}
			return nil, nil
		})
	}
	ops := make([]*storage.Operation, maxQuarantined)
	for slot := range ops {
		ops[slot] = storage.GetOperation(slotKey(slot))
	}
	if err := client.Batch(ctx, ops...); err != nil {
		return nil, err
	}
	for slot, op := range ops {
		if op.Value != nil {
			stored[slot] = op.Value
		}
	}
	return stored, nil
}

// Close ends the use of the queue's storage, which is closed next.
func (q *quarantine) Close() { q.stop() }
