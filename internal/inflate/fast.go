package inflate

import "encoding/binary"

const (
	litMask  = 1<<litBits - 1
	distMask = 1<<distBits - 1

	inMargin  = 7 + 8 // two refills
	litMargin = 4 * 2 // four entries of literals
	copyStep  = 16
)

// fast decompresses for as long as neither the input nor the room can run out
// within a step, and up to what symbol has to look at.
func (d *decoder) fast() {
	in, out, lit, dist := d.in, d.out, d.lit, d.dist
	pos, acc, n, w := d.pos, d.acc, d.n, d.w
	inEnd, outEnd := len(in)-inMargin, len(out)-litMargin
	if pos > inEnd {
		return
	}
	pos, acc, n = fill(in, pos, acc, n)
	for pos <= inEnd && w <= outEnd {
		// There are 56 bits or more. Four literals take 44 at most, and 11 are
		// looked at; a length and a distance take 48.
		e := lit[acc&litMask]
		if e&literals != 0 {
			binary.LittleEndian.PutUint16(out[w:], uint16(e>>valueShift))
			w += int(e >> literalShift & 3)
			acc >>= e & takenMask
			n -= uint(e & takenMask)
			e = lit[acc&litMask]
			if e&literals != 0 {
				binary.LittleEndian.PutUint16(out[w:], uint16(e>>valueShift))
				w += int(e >> literalShift & 3)
				acc >>= e & takenMask
				n -= uint(e & takenMask)
				e = lit[acc&litMask]
				if e&literals != 0 {
					binary.LittleEndian.PutUint16(out[w:], uint16(e>>valueShift))
					w += int(e >> literalShift & 3)
					acc >>= e & takenMask
					n -= uint(e & takenMask)
					e = lit[acc&litMask]
					if e&literals != 0 {
						binary.LittleEndian.PutUint16(out[w:], uint16(e>>valueShift))
						w += int(e >> literalShift & 3)
						acc >>= e & takenMask
						n -= uint(e & takenMask)
						pos, acc, n = fill(in, pos, acc, n)
						continue
					}
				}
			}
			pos, acc, n = fill(in, pos, acc, n)
		}
		a, left := acc, n
		if e&special != 0 {
			if e&link == 0 {
				break
			}
			a >>= litBits
			left -= litBits
			e = lit[e>>valueShift+value(a, e>>codeShift&codeMask)]
			if e&special != 0 {
				break
			}
			if e&literals != 0 {
				out[w] = byte(e >> valueShift)
				w++
				pos, acc, n = fill(in, pos, a>>(e&takenMask), left-uint(e&takenMask))
				continue
			}
		}
		length := int(e>>valueShift + value(a, e&takenMask)>>(e>>codeShift&codeMask))
		a >>= e & takenMask
		left -= uint(e & takenMask)
		e = dist[a&distMask]
		if e&special != 0 {
			if e&link == 0 {
				break
			}
			a >>= distBits
			left -= distBits
			e = dist[e>>valueShift+value(a, e>>codeShift&codeMask)]
			if e&special != 0 {
				break
			}
		}
		distance := int(e>>valueShift + value(a, e&takenMask)>>(e>>codeShift&codeMask))
		if distance > w-d.member || length > len(out)-w-copyStep {
			break
		}
		pos, acc, n = fill(in, pos, a>>(e&takenMask), left-uint(e&takenMask))
		to, from := out[w:], out[w-distance:]
		w += length
		switch {
		case distance >= 16:
			for i := 0; i < length; i += 16 {
				*(*[16]byte)(to[i:]) = *(*[16]byte)(from[i:])
			}
		case distance >= 8:
			for i := 0; i < length; i += 8 {
				*(*[8]byte)(to[i:]) = *(*[8]byte)(from[i:])
			}
		default:
			for i := range length {
				to[i] = from[i]
			}
		}
	}
	d.pos, d.acc, d.n, d.w = pos, acc, n, w
}

// fill makes n at least 56, by whole bytes.
func fill(in []byte, pos int, acc uint64, n uint) (int, uint64, uint) {
	return pos + int(63-n)>>3, acc | binary.LittleEndian.Uint64(in[pos:])<<(n&63), n | 56
}

// value is the lowest bits of acc.
func value(acc uint64, bits uint32) uint32 { return uint32(acc) & (1<<(bits&31) - 1) }
