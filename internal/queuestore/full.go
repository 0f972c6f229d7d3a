package queuestore

import (
	"context"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// store carries out the operations, and a read in any case.
//
// The defect (exporterhelper v0.158 to v0.165): while it runs, the queue reads an
// item in one Batch with a Set of the index, which a full storage refuses, and
// deletes the item if that Batch fails.
//
// So the item is read by itself. The stored index then stays behind until the
// next Batch that takes it: a start before that reads the item again, or finds
// it gone.
//
// TestFullStorageLosesWithoutGuard fails as soon as exporterhelper keeps an item
// that it could not read. Then this file goes, and with it the second half of
// deferral.read; all else stays.
func (r *restart) store(ctx context.Context, ops []*storage.Operation) error {
	err := r.next.Batch(ctx, ops...)
	if err == nil || !isRead(ops) {
		return err
	}
	var gets []*storage.Operation
	for _, op := range ops {
		if op.Type == storage.Get {
			gets = append(gets, op)
		}
	}
	return r.next.Batch(ctx, gets...)
}

// isRead tells whether ops are a read: Gets, and no change but to the index.
func isRead(ops []*storage.Operation) bool {
	found := false
	for _, op := range ops {
		switch {
		case op.Type == storage.Get:
			found = true
		case op.Type != storage.Set || op.Key != indexKey:
			return false
		}
	}
	return found
}
