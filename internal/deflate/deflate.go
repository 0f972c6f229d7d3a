package deflate

import (
	"encoding/binary"
	"slices"
	"sync"
)

const (
	minMatch    = 3
	maxMatch    = 258
	maxDistance = 32 << 10
	endOfBlock  = 256
	firstLength = 257 // symbol of the shortest match
	maxSymbols  = 288
	maxStored   = 65535 // bytes of a stored block
)

// blockSize is the size of the text in one DEFLATE block, in bytes. In much smaller
// blocks the codes before each block cost too much; in much larger ones one code has
// to fit different texts.
const blockSize = 256 << 10

// Compressor compresses, in memory that it uses again. Its zero value is ready.
// It is not safe for concurrent use.
type Compressor struct {
	elements []byte // of a snappy block
	matches  []match

	literalCounts  [286]uint32
	distanceCounts [30]uint32
	literals       [286]code
	distances      [30]code
	room           [maxSymbols]uint64
	header
}

var compressors = sync.Pool{New: func() any { return new(Compressor) }}

// Append is Compressor.Append with a Compressor from a pool.
func Append(dst, plain []byte) []byte {
	d := compressors.Get().(*Compressor)
	defer compressors.Put(d)
	return d.Append(dst, plain)
}

// Append appends plain to dst as DEFLATE blocks. None of them is the last, they
// end at a byte, and they refer to nothing before plain: they can stand anywhere
// among others.
func (d *Compressor) Append(dst, plain []byte) []byte {
	for len(plain) > 0 {
		n := min(len(plain), blockSize)
		dst = d.appendBlock(dst, plain[:n])
		plain = plain[n:]
	}
	return dst
}

func (d *Compressor) appendBlock(dst, plain []byte) []byte {
	d.find(plain)
	d.count(plain)
	lengths(d.literals[:], d.literalCounts[:], 15, d.room[:])
	lengths(d.distances[:], d.distanceCounts[:], 15, d.room[:])
	assign(d.literals[:])
	assign(d.distances[:])
	size := d.plan(d.literals[:], d.distances[:], d.room[:])
	for i, n := range d.literalCounts {
		size += int(n) * int(d.literals[i].size)
		if i >= firstLength {
			size += int(n) * int(lengthExtra[i-firstLength])
		}
	}
	for i, n := range d.distanceCounts {
		size += int(n) * (int(d.distances[i].size) + max(0, i/2-1))
	}
	if size/8 >= len(plain) {
		return AppendStored(dst, plain)
	}
	w := bitWriter{dst: slices.Grow(dst, size/8+64)[:len(dst)+size/8+64], at: len(dst)}
	d.header.write(&w)
	d.write(&w, plain)
	// An empty stored block ends at a byte, as Z_SYNC_FLUSH does.
	w.add(0, 3)
	return append(w.end(), 0, 0, 0xff, 0xff)
}

// AppendStored appends plain to dst as DEFLATE blocks that hold it as it is. None
// of them is the last.
func AppendStored(dst, plain []byte) []byte {
	for len(plain) > 0 {
		n := min(len(plain), maxStored)
		dst = append(dst, 0)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
		dst = binary.LittleEndian.AppendUint16(dst, ^uint16(n))
		dst, plain = append(dst, plain[:n]...), plain[n:]
	}
	return dst
}

// count counts the symbols of a block.
func (d *Compressor) count(plain []byte) {
	clear(d.literalCounts[:])
	clear(d.distanceCounts[:])
	d.literalCounts[endOfBlock] = 1
	var other [256]uint32 // a count that follows on itself would wait for itself
	literals := func(plain []byte) {
		for ; len(plain) >= 2; plain = plain[2:] {
			d.literalCounts[plain[0]]++
			other[plain[1]]++
		}
		if len(plain) > 0 {
			other[plain[0]]++
		}
	}
	for i := range d.matches {
		m := &d.matches[i]
		literals(plain[:m.literals])
		plain = plain[m.literals+m.length:]
		distance := distanceSymbol(m.distance)
		for length := m.length; length > 0; {
			n := piece(length)
			d.literalCounts[firstLength+int(lengthSymbol[n-minMatch])]++
			d.distanceCounts[distance]++
			length -= n
		}
	}
	literals(plain)
	for c, n := range other {
		d.literalCounts[c] += n
	}
}

// piece is how much of a match is written at once: what is left is no match
// that is too short.
func piece(length uint32) uint32 {
	if length > maxMatch && length < maxMatch+minMatch {
		return length - minMatch
	}
	return min(length, maxMatch)
}

// write writes the symbols of a block. What a bitWriter does is written out
// here, with variables: three literals are at most 45 bits, and a match is 48.
func (d *Compressor) write(w *bitWriter, plain []byte) {
	codes := (*[256]code)(d.literals[:])
	dst, at, held, n := w.dst, w.at, w.bits, w.n
	for i := 0; ; i++ {
		m := match{literals: uint32(len(plain))} // behind the last one
		if i < len(d.matches) {
			m = d.matches[i]
		}
		literals := plain[:m.literals]
		for ; len(literals) >= 3; literals = literals[3:] {
			x, y, z := codes[literals[0]], codes[literals[1]], codes[literals[2]]
			held |= uint64(x.bits) << (n & 63)
			n += uint(x.size)
			held |= uint64(y.bits) << (n & 63)
			n += uint(y.size)
			held |= uint64(z.bits) << (n & 63)
			n += uint(z.size)
			binary.LittleEndian.PutUint64(dst[at:], held)
			at += int(n >> 3)
			held >>= n &^ 7 & 63
			n &= 7
		}
		for _, l := range literals {
			held |= uint64(codes[l].bits) << (n & 63)
			n += uint(codes[l].size)
		}
		if m.length == 0 {
			break
		}
		plain = plain[m.literals+m.length:]
		symbol := distanceSymbol(m.distance)
		distance := d.distances[symbol]
		extra := uint(max(0, symbol/2-1))
		behind := uint64(distance.bits) | uint64((m.distance-1)&(1<<(extra&31)-1))<<(distance.size&63)
		for m.length > 0 {
			binary.LittleEndian.PutUint64(dst[at:], held)
			at += int(n >> 3)
			held >>= n &^ 7 & 63
			n &= 7
			k := piece(m.length)
			m.length -= k
			s := lengthSymbol[k-minMatch]
			c := d.literals[firstLength+int(s)]
			held |= (uint64(c.bits) | uint64(k-minMatch-uint32(lengthBase[s]))<<(c.size&63)) << (n & 63)
			n += uint(c.size) + uint(lengthExtra[s])
			held |= behind << (n & 63)
			n += uint(distance.size) + extra
			binary.LittleEndian.PutUint64(dst[at:], held)
			at += int(n >> 3)
			held >>= n &^ 7 & 63
			n &= 7
		}
	}
	w.at, w.bits, w.n = at, held, n
	w.flush()
	c := d.literals[endOfBlock]
	w.add(uint64(c.bits), uint(c.size))
	w.flush()
}
