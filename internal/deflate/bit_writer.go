package deflate

import "encoding/binary"

// bitWriter writes bits from the lowest on. Between two flushes at most 56 bits
// can be added.
type bitWriter struct {
	dst  []byte // with room for all that is written
	at   int
	bits uint64
	n    uint
}

func (w *bitWriter) add(bits uint64, n uint) {
	w.bits |= bits << (w.n & 63)
	w.n += n
}

func (w *bitWriter) flush() {
	binary.LittleEndian.PutUint64(w.dst[w.at:], w.bits)
	w.at += int(w.n >> 3)
	w.bits >>= w.n &^ 7 & 63
	w.n &= 7
}

// end returns what was written, with zeros up to the end of a byte.
func (w *bitWriter) end() []byte {
	w.n += 7
	w.flush()
	return w.dst[:w.at]
}
