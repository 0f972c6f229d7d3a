package queueguard

// maxRecent bounds the items kept in memory, in bytes of their values for each queue.
const maxRecent = 16 << 20

// recent holds items from their put to their read. The queue reads in the order
// in which it puts: when there is no more room it is the new items, which are
// read last, that are left to the storage.
type recent struct {
	items map[string][]byte // by their key
	size  int               // bytes of the values
}

func (r *recent) add(key string, value []byte) {
	if r.size+len(value) <= maxRecent {
		r.items[key] = value
		r.size += len(value)
	}
}

// take returns an item for the one time that it is read.
func (r *recent) take(key string) (value []byte, ok bool) {
	value, ok = r.items[key]
	delete(r.items, key)
	r.size -= len(value)
	return value, ok
}

func (r *recent) forget() {
	clear(r.items)
	r.size = 0
}
