package deflate

// header is what stands before a block: the sizes of its codes, themselves
// written by a code. RFC 1951 section 3.2.7.
type header struct {
	literals, distances, sizes int // how many of each are told
	symbols                    []runSymbol
	counts                     [19]uint32
	codes                      [19]code
}

// runSymbol is a code's size, or one of three symbols for runs of them with
// what their extra bits say.
type runSymbol struct {
	symbol, extra, extraSize uint8
}

const (
	repeatLast    = 16 // 3 to 6 times, in 2 extra bits
	repeatZero    = 17 // 3 to 10 times, in 3
	repeatZeros   = 18 // 11 to 138 times, in 7
	maxHeaderBits = 7
)

// headerOrder is the order in which the sizes of the header's own codes stand.
var headerOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// plan prepares the header of a block and returns its size, in bits.
func (h *header) plan(literals, distances []code, room []uint64) int {
	h.literals, h.distances = told(literals, firstLength), told(distances, 1)
	var sizes [maxSymbols + 32]uint8
	n := 0
	for _, c := range literals[:h.literals] {
		sizes[n] = c.size
		n++
	}
	for _, c := range distances[:h.distances] {
		sizes[n] = c.size
		n++
	}
	h.runs(sizes[:n])
	lengths(h.codes[:], h.counts[:], maxHeaderBits, room)
	assign(h.codes[:])
	h.sizes = len(headerOrder)
	for h.sizes > 4 && h.codes[headerOrder[h.sizes-1]].size == 0 {
		h.sizes--
	}
	size := 3 + 5 + 5 + 4 + 3*h.sizes
	for _, s := range h.symbols {
		size += int(h.codes[s.symbol].size + s.extraSize)
	}
	return size
}

// told is how many codes are told: all up to the last that is used.
func told(codes []code, least int) int {
	n := len(codes)
	for n > least && codes[n-1].size == 0 {
		n--
	}
	return n
}

// runs counts what the sizes come to.
func (h *header) runs(sizes []uint8) {
	clear(h.counts[:])
	h.symbols = h.symbols[:0]
	add := func(symbol, extra, extraSize uint8) {
		h.counts[symbol]++
		h.symbols = append(h.symbols, runSymbol{symbol, extra, extraSize})
	}
	for i := 0; i < len(sizes); {
		size := sizes[i]
		n := 1
		for i+n < len(sizes) && sizes[i+n] == size {
			n++
		}
		i += n
		if size != 0 {
			add(size, 0, 0)
			n--
		}
		for n > 0 {
			switch {
			case n < 3:
				add(size, 0, 0)
				n--
			case size != 0:
				k := min(n, 6)
				add(repeatLast, uint8(k-3), 2)
				n -= k
			case n < 11:
				add(repeatZero, uint8(n-3), 3)
				n = 0
			default:
				k := min(n, 138)
				add(repeatZeros, uint8(k-11), 7)
				n -= k
			}
		}
	}
}

func (h *header) write(w *bitWriter) {
	w.add(2<<1, 3) // codes of its own, and not the last block
	w.add(uint64(h.literals-firstLength), 5)
	w.add(uint64(h.distances-1), 5)
	w.add(uint64(h.sizes-4), 4)
	w.flush()
	for _, symbol := range headerOrder[:h.sizes] {
		w.add(uint64(h.codes[symbol].size), 3)
		w.flush()
	}
	for _, s := range h.symbols {
		c := h.codes[s.symbol]
		w.add(uint64(c.bits)|uint64(s.extra)<<c.size, uint(c.size+s.extraSize))
		w.flush()
	}
}
