package inflate

import (
	"encoding/binary"
	"io"
)

// block decompresses a block of a type (RFC 1951, section 3.2.3).
func (d *decoder) block(kind int) error {
	switch kind {
	case 0:
		return d.stored()
	case 1:
		d.lit, d.dist = &fixedLit, &fixedDist
	case 2:
		if err := d.codes(); err != nil {
			return err
		}
		d.lit, d.dist = &d.own.lit, &d.own.dist
	default:
		return d.corrupt()
	}
	for {
		d.fast()
		if end, err := d.symbol(); end || err != nil {
			return err
		}
	}
}

func (d *decoder) stored() error {
	d.align()
	if len(d.in)-d.pos < 4 {
		return io.ErrUnexpectedEOF
	}
	size := binary.LittleEndian.Uint16(d.in[d.pos:])
	if size != ^binary.LittleEndian.Uint16(d.in[d.pos+2:]) {
		return d.corrupt()
	}
	d.pos += 4
	for left := int(size); left > 0; {
		if d.pos == len(d.in) {
			return io.ErrUnexpectedEOF
		}
		if err := d.room(1); err != nil {
			return err
		}
		n := copy(d.out[d.w:], d.in[d.pos:min(d.pos+left, len(d.in))])
		d.w += n
		d.pos += n
		left -= n
	}
	return nil
}

// symbol decompresses a literal or a match, or reads the end of the block.
func (d *decoder) symbol() (end bool, err error) {
	d.refill()
	e, length, err := d.code(d.lit[:], litBits)
	switch {
	case err != nil:
		return false, err
	case e&special != 0:
		return true, nil
	case e&literals != 0:
		for i := range e.literals() {
			if err := d.room(1); err != nil {
				return false, err
			}
			d.out[d.w] = byte(length >> (8 * i))
			d.w++
		}
		return false, nil
	}
	d.refill()
	_, distance, err := d.code(d.dist[:], distBits)
	if err != nil {
		return false, err
	}
	if distance > d.w-d.member {
		return false, d.corrupt()
	}
	if err := d.room(length); err != nil {
		return false, err
	}
	for range length { // reads what it has written, where they overlap
		d.out[d.w] = d.out[d.w-distance]
		d.w++
	}
	return false, nil
}

// code reads a code and its extra bits. Where bits are missing, those that
// stand for them are 0: the code that they make is no longer than the true one.
func (d *decoder) code(table []entry, indexBits uint) (e entry, value int, err error) {
	e = table[d.acc&(1<<indexBits-1)]
	if e&link != 0 {
		if _, ok := d.take(indexBits); !ok {
			return 0, 0, io.ErrUnexpectedEOF
		}
		e = table[e.second(d.acc)]
	}
	if d.n < e.code() {
		return 0, 0, io.ErrUnexpectedEOF
	}
	if e&invalid != 0 {
		return 0, 0, d.corrupt()
	}
	value = e.value(d.acc)
	if _, ok := d.take(e.taken()); !ok {
		return 0, 0, io.ErrUnexpectedEOF
	}
	return e, value, nil
}
