package payload

import "encoding/binary"

// decoder reads a stored request. After the first read beyond the end it has failed,
// and returns zeros.
type decoder struct {
	rest   []byte
	failed bool
}

func (in *decoder) fail() {
	in.rest, in.failed = nil, true
}

func (in *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(in.rest)
	if n <= 0 {
		in.fail()
		return 0
	}
	in.rest = in.rest[n:]
	return v
}

func (in *decoder) varint() int64 {
	u := in.uvarint()
	return int64(u>>1) ^ -int64(u&1) // as binary.Varint
}

// count reads a number of things that take at least a byte each.
func (in *decoder) count() int {
	n := in.uvarint()
	if n > uint64(len(in.rest)) {
		in.fail()
		return 0
	}
	return int(n)
}

func (in *decoder) take(n int) []byte {
	if n > len(in.rest) {
		in.fail()
		return make([]byte, n)
	}
	taken := in.rest[:n:n]
	in.rest = in.rest[n:]
	return taken
}

func (in *decoder) bytes() []byte  { return in.take(in.count()) }
func (in *decoder) byte() byte     { return in.take(1)[0] }
func (in *decoder) uint32() uint32 { return binary.LittleEndian.Uint32(in.take(4)) }
