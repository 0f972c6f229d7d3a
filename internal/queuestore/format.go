package queuestore

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// The queue's stored format, PersistentMetadata in exporterhelper's
// internal/queue/meta.proto:
//
//	"qmv0"    items_size sfixed64 = 1; bytes_size sfixed64 = 2;
//	          read_index fixed64 = 3; write_index fixed64 = 4;
//	          currently_dispatched_items repeated fixed64 = 5
//	"0" "1" … the items, as the exporter encodes them
//
// The still older keys "ri", "wi" and "di" are read by exporterhelper once, to
// write "qmv0" from them. They need nothing of their own here: the items they
// call dispatched are read, deleted and added again the same way.
const (
	indexKey = "qmv0"

	readIndexField  = 3
	writeIndexField = 4
	dispatchedField = 5
)

func itemKey(number uint64) string { return strconv.FormatUint(number, 10) }

func itemNumber(key string) (number uint64, ok bool) {
	number, err := strconv.ParseUint(key, 10, 64)
	return number, err == nil
}

// index is what the guard reads of the queue's index.
type index struct {
	read       uint64 // number of the next item to be read
	write      uint64 // number of the next item to be added
	dispatched []uint64
}

// items returns how many items have yet to be delivered.
func (i index) items() int { return int(i.write-i.read) + len(i.dispatched) }

func parseIndex(value []byte) (index, error) {
	var found index
	for len(value) > 0 {
		number, wire, n := protowire.ConsumeTag(value)
		if n < 0 {
			return index{}, protowire.ParseError(n)
		}
		field := value[n:]
		if n = protowire.ConsumeFieldValue(number, wire, field); n < 0 {
			return index{}, fmt.Errorf("field %d: %w", number, protowire.ParseError(n))
		}
		value, field = field[n:], field[:n]
		switch {
		case number == dispatchedField && wire == protowire.BytesType: // packed
			field, _ = protowire.ConsumeBytes(field)
			found.dispatched = slices.Grow(found.dispatched, len(field)/8)
			for len(field) > 0 {
				item, n := protowire.ConsumeFixed64(field)
				if n < 0 {
					return index{}, fmt.Errorf("dispatched item %d: %w", len(found.dispatched), protowire.ParseError(n))
				}
				field = field[n:]
				found.dispatched = append(found.dispatched, item)
			}
		case wire != protowire.Fixed64Type:
		case number == dispatchedField:
			found.dispatched = append(found.dispatched, binary.LittleEndian.Uint64(field))
		case number == readIndexField:
			found.read = binary.LittleEndian.Uint64(field)
		case number == writeIndexField:
			found.write = binary.LittleEndian.Uint64(field)
		}
	}
	if found.read > found.write {
		return index{}, fmt.Errorf("read index %d is past write index %d", found.read, found.write)
	}
	return found, nil
}

// addDispatched returns the index value with further dispatched items: protobuf
// takes the parts of a repeated field for one list.
func addDispatched(value []byte, items []uint64) []byte {
	value = protowire.AppendTag(slices.Clip(value), dispatchedField, protowire.BytesType)
	value = protowire.AppendVarint(value, uint64(8*len(items)))
	for _, item := range items {
		value = protowire.AppendFixed64(value, item)
	}
	return value
}
