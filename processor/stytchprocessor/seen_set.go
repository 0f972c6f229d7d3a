package stytchprocessor

// seenSet remembers keys for a window of time, the latest limit of them at most.
//
//	ring     n keys in the order of their arrival, from head on
//	buckets  a hash table: each bucket starts a chain of keys, the newest first
//
// A place is a position in ring plus one; 0 is none. The oldest key is always the
// last of its chain, so that forgetting it cuts the chain's end. Ring and buckets
// hold no pointers, so the garbage collector does not scan them. Both double until
// limit and never shrink. A key takes 24 bytes in ring and 4 to 8 in buckets.
//
// It is not safe for concurrent use.
type seenSet struct {
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
func (s *seenSet) has(k key) bool {
	if s.n == 0 {
		return false
	}
	for place := *s.bucket(k); place != 0; place = s.ring[place-1].next {
		if s.ring[place-1].key == k {
			return true
		}
	}
	return false
}

// put remembers k, which must not be in the set. It returns true if the set was
// full and has forgotten its oldest key.
func (s *seenSet) put(k key, now uint32) (forgot bool) {
	if s.n == s.limit {
		s.forgetOldest()
		forgot = true
	} else if s.n == len(s.ring) {
		s.grow()
	}
	at := (s.head + s.n) % len(s.ring)
	s.ring[at] = remembered{key: k, at: now}
	s.chain(at)
	s.n++
	return forgot
}

// expire forgets the keys that are older than the window.
func (s *seenSet) expire(now uint32) {
	for s.n > 0 && now-s.ring[s.head].at > s.window {
		s.forgetOldest()
	}
}

func (s *seenSet) forgetOldest() {
	oldest := uint32(s.head) + 1
	end := s.bucket(s.ring[s.head].key)
	for *end != oldest {
		end = &s.ring[*end-1].next
	}
	*end = 0
	s.head = (s.head + 1) % len(s.ring)
	s.n--
}

// bucket returns the start of k's chain. A key is a hash already.
func (s *seenSet) bucket(k key) *uint32 {
	return &s.buckets[int(k[0])&(len(s.buckets)-1)]
}

// chain puts the key at a position before the older ones of its bucket.
func (s *seenSet) chain(at int) {
	bucket := s.bucket(s.ring[at].key)
	s.ring[at].next = *bucket
	*bucket = uint32(at) + 1
}

// grow makes room for at least one more key. The new ring starts at head 0.
func (s *seenSet) grow() {
	ring := make([]remembered, min(max(2*len(s.ring), firstRing), s.limit))
	copy(ring[copy(ring, s.ring[s.head:]):], s.ring[:s.head])
	s.ring, s.head = ring, 0

	buckets := max(len(s.buckets), 1)
	for buckets < len(ring) {
		buckets *= 2
	}
	s.buckets = make([]uint32, buckets)
	for at := range s.n { // oldest first, for the order of the chains
		s.chain(at)
	}
}
