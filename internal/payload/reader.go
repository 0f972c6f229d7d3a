package payload

import "encoding/binary"

// reader reads what is stored. After the first thing that is not there it
// reads nothing but zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (in *reader) fail() {
	in.rest, in.failed = nil, true
}

func (in *reader) uvarint() uint64 {
	v, n := binary.Uvarint(in.rest)
	if n <= 0 {
		in.fail()
		return 0
	}
	in.rest = in.rest[n:]
	return v
}

func (in *reader) varint() int64 {
	u := in.uvarint()
	return int64(u>>1) ^ -int64(u&1) // as binary.Varint
}

// count is a number of things of which each takes at least a byte.
func (in *reader) count() int {
	n := in.uvarint()
	if n > uint64(len(in.rest)) {
		in.fail()
		return 0
	}
	return int(n)
}

func (in *reader) take(n int) []byte {
	if n > len(in.rest) {
		in.fail()
		return make([]byte, n)
	}
	taken := in.rest[:n:n]
	in.rest = in.rest[n:]
	return taken
}

func (in *reader) bytes() []byte  { return in.take(in.count()) }
func (in *reader) byte() byte     { return in.take(1)[0] }
func (in *reader) uint32() uint32 { return binary.LittleEndian.Uint32(in.take(4)) }
