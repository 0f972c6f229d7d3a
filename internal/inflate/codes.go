package inflate

import "io"

// lengthOrder is the order in which a dynamic block tells the lengths of the
// codes for lengths (RFC 1951, section 3.2.7).
var lengthOrder = [lengthCodes]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// pairFrom is the input from which pairs of literals save more time than it
// takes to find them.
const pairFrom = 8 << 10

// codes reads the codes of a dynamic block and builds their tables.
func (d *decoder) codes() error {
	d.refill()
	head, ok := d.take(5 + 5 + 4)
	if !ok {
		return io.ErrUnexpectedEOF
	}
	lits, dists, lengths := head&31+257, head>>5&31+1, head>>10+4
	if lits > litCodes-2 || dists > distCodes-2 {
		return d.corrupt()
	}
	var ofLengths [lengthCodes]uint8
	for _, symbol := range lengthOrder[:lengths] {
		if d.n < 3 {
			d.refill()
		}
		n, ok := d.take(3)
		if !ok {
			return io.ErrUnexpectedEOF
		}
		ofLengths[symbol] = uint8(n)
	}
	if !build(d.own.length[:], lengthBits, ofLengths[:], lengthMeaning[:]) {
		return d.corrupt()
	}
	all := d.lengths[:lits+dists]
	for at := 0; at < len(all); {
		n, err := d.codeLength(all, at)
		if err != nil {
			return err
		}
		at += n
	}
	if !build(d.own.lit[:], litBits, all[:lits], litMeaning[:]) || !build(d.own.dist[:], distBits, all[lits:], distMeaning[:]) {
		return d.corrupt()
	}
	if len(d.in)-d.pos > pairFrom {
		d.own.lit.pair()
	}
	return nil
}

// codeLength reads one length, or a repetition, into all[at:], and returns how
// many it is.
func (d *decoder) codeLength(all []uint8, at int) (int, error) {
	if d.n < lengthBits+7 {
		d.refill()
	}
	e := d.own.length[d.acc&(1<<lengthBits-1)]
	if _, ok := d.take(e.taken()); !ok {
		return 0, io.ErrUnexpectedEOF
	}
	if e&invalid != 0 {
		return 0, d.corrupt()
	}
	length := uint8(e >> valueShift)
	if length < 16 {
		all[at] = length
		return 1, nil
	}
	least, bits := 3, uint(3)
	switch length {
	case 16: // the one before
		if at == 0 {
			return 0, d.corrupt()
		}
		bits, length = 2, all[at-1]
	case 17:
		length = 0
	default:
		least, bits, length = 11, 7, 0
	}
	more, ok := d.take(bits)
	if !ok {
		return 0, io.ErrUnexpectedEOF
	}
	if least+more > len(all)-at {
		return 0, d.corrupt()
	}
	repeated := all[at : at+least+more]
	for i := range repeated {
		repeated[i] = length
	}
	return len(repeated), nil
}
