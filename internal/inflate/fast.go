package inflate

import "encoding/binary"

const (
	litMask  = 1<<litBits - 1
	distMask = 1<<distBits - 1

	inMargin  = 15           // two refills
	outMargin = 4 + 258 + 15 // literals, a match, and what its copy writes beyond
)

// fast decompresses for as long as there is enough input and room that neither
// needs a check, and up to what symbol has to look at.
func (d *decoder) fast() {
	in, out := d.in, d.out
	pos, w := d.pos, d.w
	acc, n := d.acc, d.n
	lit, dist := d.lit, d.dist
	member := d.member
	inEnd, outEnd := len(in)-inMargin, len(out)-outMargin
	if pos > inEnd || w > outEnd {
		return
	}
	acc |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
	pos += int(63-n) >> 3
	n |= 56
	for pos <= inEnd && w <= outEnd {
		e := lit[acc&litMask]
		if int32(e) < 0 {
			o := (*[4]byte)(out[w:])
			acc >>= e & takenMask
			n -= uint(e & takenMask)
			o[0] = byte(e >> valueShift)
			w++
			e = lit[acc&litMask]
			if int32(e) < 0 {
				acc >>= e & takenMask
				n -= uint(e & takenMask)
				o[1] = byte(e >> valueShift)
				w++
				e = lit[acc&litMask]
				if int32(e) < 0 {
					acc >>= e & takenMask
					n -= uint(e & takenMask)
					o[2] = byte(e >> valueShift)
					w++
					e = lit[acc&litMask]
					if int32(e) < 0 {
						acc >>= e & takenMask
						n -= uint(e & takenMask)
						o[3] = byte(e >> valueShift)
						w++
						acc |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
						pos += int(63-n) >> 3
						n |= 56
						continue
					}
				}
			}
			acc |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
			pos += int(63-n) >> 3
			n |= 56
		}
		a, an := acc, n
		if e&special != 0 {
			if e&link == 0 {
				break
			}
			a >>= litBits
			an -= litBits
			e = lit[(e>>valueShift + uint32(a)&(1<<(e>>codeShift&codeMask)-1))]
			if e&special != 0 {
				break
			}
			if int32(e) < 0 {
				acc = a >> (e & takenMask)
				n = an - uint(e&takenMask)
				out[w] = byte(e >> valueShift)
				w++
				acc |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
				pos += int(63-n) >> 3
				n |= 56
				continue
			}
		}
		length := int(e>>valueShift) + int(uint32(a)&(1<<(e&takenMask)-1)>>(e>>codeShift&codeMask))
		a >>= e & takenMask
		an -= uint(e & takenMask)
		e = dist[a&distMask]
		if e&special != 0 {
			if e&link == 0 {
				break
			}
			a >>= distBits
			an -= distBits
			e = dist[(e>>valueShift + uint32(a)&(1<<(e>>codeShift&codeMask)-1))]
			if e&special != 0 {
				break
			}
		}
		distance := int(e>>valueShift) + int(uint32(a)&(1<<(e&takenMask)-1)>>(e>>codeShift&codeMask))
		if distance > w-member {
			break
		}
		acc = a >> (e & takenMask)
		n = an - uint(e&takenMask)
		acc |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		to, src := out[w:], out[w-distance:]
		w += length
		switch {
		case distance >= 16:
			for i := 0; i < length; i += 16 {
				*(*[16]byte)(to[i:]) = *(*[16]byte)(src[i:])
			}
		case distance >= 8:
			for i := 0; i < length; i += 8 {
				binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(src[i:]))
			}
		default:
			for i := range length {
				to[i] = src[i]
			}
		}
	}
	d.pos, d.w, d.acc, d.n = pos, w, acc, n
}
