package queuestore

// maxRecent bounds the items that a queue keeps in memory, in bytes of their values.
const maxRecent = 8 << 20

// recent holds items from their put to their read. The queue reads in the order
// in which it puts: when there is no more room it is the new items, which are
// read last, that are left to the storage.
type recent struct {
	items map[string][]byte // by their key
	room  int               // bytes of values that it still takes
}

func newRecent(room int) recent {
	return recent{items: map[string][]byte{}, room: room}
}

func (r *recent) add(key string, value []byte) {
	if len(value) <= r.room {
		r.items[key] = value
		r.room -= len(value)
	}
}

// take returns an item for the one time that it is read.
func (r *recent) take(key string) (value []byte, ok bool) {
	value, ok = r.items[key]
	delete(r.items, key)
	r.room += len(value)
	return value, ok
}

func (r *recent) forget() {
	for key := range r.items {
		r.take(key)
	}
}
