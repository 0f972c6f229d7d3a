package inflate

import "encoding/binary"

// What one step of fast needs at most.
const (
	inMargin  = 7 + 8 // bytes that two fills read
	outMargin = 4 * 2 // literals, before what it looks at again
	copyStep  = 16
)

// fast decompresses for as long as neither the input nor the room can run out
// within a step, and up to what symbol has to look at.
func (d *decoder) fast() {
	in, out, lit, dist := d.in, d.out, d.lit, d.dist
	pos, acc, n, w := d.pos, d.acc, d.n, d.w
	inEnd, outEnd := len(in)-inMargin, len(out)-outMargin
	if pos > inEnd {
		return
	}
	pos, acc, n = fill(in, pos, acc, n)
	for pos <= inEnd && w <= outEnd {
		// There are 56 bits or more: for four entries of literals, or for three
		// and to see the next, or for a length and a distance, which take 48.
		e := lit[acc&litMask]
		if e&literals != 0 {
			acc, n, w = put(out, w, e, acc, n)
			e = lit[acc&litMask]
			if e&literals != 0 {
				acc, n, w = put(out, w, e, acc, n)
				e = lit[acc&litMask]
				if e&literals != 0 {
					acc, n, w = put(out, w, e, acc, n)
					e = lit[acc&litMask]
					if e&literals != 0 {
						acc, n, w = put(out, w, e, acc, n)
						pos, acc, n = fill(in, pos, acc, n)
						continue
					}
				}
			}
			pos, acc, n = fill(in, pos, acc, n)
		}

		a, left := acc, n // taken only when the match is known to be valid
		if e&special != 0 {
			if e&link == 0 {
				break
			}
			a, left = a>>litBits, left-litBits
			e = lit[e.second(a)]
			if e&special != 0 {
				break
			}
			if e&literals != 0 {
				acc, n, w = put(out, w, e, a, left)
				pos, acc, n = fill(in, pos, acc, n)
				continue
			}
		}
		length := e.value(a)
		a, left = a>>e.taken(), left-e.taken()
		e = dist[a&distMask]
		if e&special != 0 {
			if e&link == 0 {
				break
			}
			a, left = a>>distBits, left-distBits
			e = dist[e.second(a)] // never 30 or 31, which only the fixed code has
		}
		distance := e.value(a)
		if distance > w-d.member || length > len(out)-w-2*copyStep {
			break
		}
		pos, acc, n = fill(in, pos, a>>e.taken(), left-e.taken())
		to, from := out[w:], out[w-distance:]
		w += length
		if distance < copyStep {
			copyNear(to, from, length, distance)
			continue
		}
		// Most matches are short: two steps without a question, up to 31 bytes
		// beyond the match.
		*(*[copyStep]byte)(to) = *(*[copyStep]byte)(from)
		*(*[copyStep]byte)(to[copyStep:]) = *(*[copyStep]byte)(from[copyStep:])
		for i := 2 * copyStep; i < length; i += copyStep {
			*(*[copyStep]byte)(to[i:]) = *(*[copyStep]byte)(from[i:])
		}
	}
	d.pos, d.acc, d.n, d.w = pos, acc, n, w
}

// put writes one or two literals; the second byte may be none, and is written
// over.
func put(out []byte, w int, e entry, acc uint64, n uint) (uint64, uint, int) {
	binary.LittleEndian.PutUint16(out[w:], uint16(e>>valueShift))
	return acc >> e.taken(), n - e.taken(), w + e.literals()
}

// fill makes n at least 56, by whole bytes.
func fill(in []byte, pos int, acc uint64, n uint) (int, uint64, uint) {
	return pos + int(63-n)>>3, acc | binary.LittleEndian.Uint64(in[pos:])<<(n&63), n | 56
}

// copyNear copies a match that overlaps what it writes, and up to 7 bytes more.
func copyNear(to, from []byte, length, distance int) {
	if distance < 8 {
		for i := range length {
			to[i] = from[i]
		}
		return
	}
	for i := 0; i < length; i += 8 {
		*(*[8]byte)(to[i:]) = *(*[8]byte)(from[i:])
	}
}
