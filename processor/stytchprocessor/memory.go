package stytchprocessor

// memory remembers keys for a window of time, and of them the latest limit.
//
//	ring     the keys in the order they came, n of them, from head on
//	buckets  a hash table: each bucket begins a chain of keys, the newest first
//
// A place is a position in ring plus one; 0 is none. The oldest key of all ends
// its chain, so forgetting it is cutting an end. Neither holds a pointer, so the
// garbage collector does not look into them. Both grow by doubling, to limit, and
// never shrink: 24 bytes a key in ring, 4 to 8 in buckets.
//
// It is not safe for concurrent use.
type memory struct {
	window uint32 // seconds
	limit  int

	ring    []remembered
	head, n int
	buckets []uint32 // a power of two of them, not fewer than places in ring
}

type remembered struct {
	key  key
	at   uint32 // second
	next uint32 // place of an older key of this bucket
}

// firstRing is the length of a ring that has just begun.
const firstRing = 1024

// has tells whether k is remembered.
func (m *memory) has(k key) bool {
	if m.n == 0 {
		return false
	}
	for place := *m.bucket(k); place != 0; place = m.ring[place-1].next {
		if m.ring[place-1].key == k {
			return true
		}
	}
	return false
}

// put remembers a key that it has not. Where that takes the place of the oldest
// it returns true.
func (m *memory) put(k key, now uint32) (forgot bool) {
	if m.n == m.limit {
		m.forgetOldest()
		forgot = true
	} else if m.n == len(m.ring) {
		m.grow()
	}
	at := (m.head + m.n) % len(m.ring)
	m.ring[at] = remembered{key: k, at: now}
	m.chain(at)
	m.n++
	return forgot
}

// expire forgets what is older than the window.
func (m *memory) expire(now uint32) {
	for m.n > 0 && now-m.ring[m.head].at > m.window {
		m.forgetOldest()
	}
}

func (m *memory) forgetOldest() {
	oldest := uint32(m.head) + 1
	end := m.bucket(m.ring[m.head].key)
	for *end != oldest {
		end = &m.ring[*end-1].next
	}
	*end = 0
	m.head = (m.head + 1) % len(m.ring)
	m.n--
}

// bucket is where the chain that may hold k begins. A key is a hash already.
func (m *memory) bucket(k key) *uint32 {
	return &m.buckets[int(k[0])&(len(m.buckets)-1)]
}

// chain puts the key at a position before the older ones of its bucket.
func (m *memory) chain(at int) {
	bucket := m.bucket(m.ring[at].key)
	m.ring[at].next = *bucket
	*bucket = uint32(at) + 1
}

// grow makes room for at least one more, in a ring that begins at its start.
func (m *memory) grow() {
	ring := make([]remembered, min(max(2*len(m.ring), firstRing), m.limit))
	copy(ring[copy(ring, m.ring[m.head:]):], m.ring[:m.head])
	m.ring, m.head = ring, 0

	buckets := max(len(m.buckets), 1)
	for buckets < len(ring) {
		buckets *= 2
	}
	m.buckets = make([]uint32, buckets)
	for at := range m.n { // oldest first, for the order of the chains
		m.chain(at)
	}
}
