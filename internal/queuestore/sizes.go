package queuestore

import (
	"encoding/binary"
	"slices"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// sizes keeps what the storage refused out of the sizes in the stored index.
//
// The defect (exporterhelper v0.158 to v0.165): the queue counts the events and bytes of
// a put before it stores them, and goes on to count them where the storage refuses, until
// the queue is empty. A start before that takes them from the index: the queue shows
// events that nobody has, and has no room for as many others.
//
// So each index is stored without what was refused. The running process counts it all
// the same.
//
// TestSizesWithoutGuard fails as soon as exporterhelper takes back what it could not
// store. Then this file goes; all else stays.
type sizes struct {
	latest  [sizeFields]int64 // of the queue, as it says
	refused [sizeFields]int64 // of these, what the storage does not have
}

// The sizes begin the index: items_size, then bytes_size.
const (
	sizeFields = 2
	sizeLength = 9 // of the tag and the sfixed64
)

func sizeTag(field int) byte { return byte(field+1)<<3 | 1 }

// sizesOf returns the sizes of an index, and 0 for what it leaves out, as protobuf does.
func sizesOf(value []byte) (of [sizeFields]int64) {
	for field := range of {
		if len(value) >= sizeLength && value[0] == sizeTag(field) {
			of[field] = int64(binary.LittleEndian.Uint64(value[1:]))
			value = value[sizeLength:]
		}
	}
	return of
}

// correct returns ops with the sizes that are true.
func (s *sizes) correct(ops []*storage.Operation) []*storage.Operation {
	if s.refused == [sizeFields]int64{} {
		return ops
	}
	for i, op := range ops {
		if op.Key != indexKey || op.Type != storage.Set {
			continue
		}
		value := slices.Clone(op.Value) // op is the queue's
		rest := value
		for field, size := range sizesOf(value) {
			if len(rest) >= sizeLength && rest[0] == sizeTag(field) {
				binary.LittleEndian.PutUint64(rest[1:], uint64(max(0, size-s.refused[field])))
				rest = rest[sizeLength:]
			}
		}
		ops = slices.Clone(ops)
		ops[i] = storage.SetOperation(indexKey, value)
		return ops
	}
	return ops
}

// note takes what became of ops, as the queue asked for them.
func (s *sizes) note(ops []*storage.Operation, err error) {
	for _, op := range ops {
		if op.Key != indexKey || op.Type == storage.Delete || op.Type == storage.Get && err != nil {
			continue
		}
		now := sizesOf(op.Value)
		for field := range now {
			if err != nil && isPut(ops) {
				s.refused[field] += max(0, now[field]-s.latest[field])
			}
			s.refused[field] = min(s.refused[field], now[field]) // an empty queue counts anew
		}
		s.latest = now
	}
}
