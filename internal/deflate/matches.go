package deflate

import (
	"encoding/binary"

	"github.com/klauspost/compress/s2"
)

// match is how many bytes stand as they are, and then how many are those that
// stand some distance before.
type match struct {
	literals, length, distance uint32
}

// searchSize is how much is searched at once, in bytes: no more than DEFLATE
// reaches back, for of the matches that are found the nearest is not always
// taken.
const searchSize = maxDistance

// find finds the matches of plain.
func (d *Compressor) find(plain []byte) {
	d.matches = d.matches[:0]
	literals := uint32(0)
	for len(plain) > 0 {
		n := min(len(plain), searchSize)
		literals = d.search(plain[:n], literals)
		plain = plain[n:]
	}
}

// search appends the matches of plain, before which some literals stand, and
// returns how many stand behind the last one. It has s2's assembly look for them
// and reads the elements of the snappy block that this makes:
// https://github.com/google/snappy/blob/main/format_description.txt.
func (d *Compressor) search(plain []byte, literals uint32) uint32 {
	m := match{literals: literals}
	d.elements = s2.EncodeSnappy(d.elements[:cap(d.elements)], plain)
	_, n := binary.Uvarint(d.elements)
	add := func() {
		if m.length < minMatch {
			m.literals += m.length // DEFLATE has no name for it
		} else {
			d.matches = append(d.matches, m)
			m.literals = 0
		}
		m.length = 0
	}
	for e := d.elements[n:]; len(e) > 0; {
		tag := uint32(e[0])
		var length, distance uint32
		switch tag & 3 {
		case 0:
			length, e = tag>>2+1, e[1:]
			if length > 60 { // it stands in the next 1 to 4 bytes
				size := length - 60
				length = 1
				for i := range size {
					length += uint32(e[i]) << (8 * i)
				}
				e = e[size:]
			}
			e = e[length:]
			if m.length > 0 {
				add()
			}
			m.literals += length
			continue
		case 1:
			length, distance, e = tag>>2&7+4, tag>>5<<8|uint32(e[1]), e[2:]
		case 2:
			length, distance, e = tag>>2+1, uint32(binary.LittleEndian.Uint16(e[1:])), e[3:]
		case 3:
			length, distance, e = tag>>2+1, binary.LittleEndian.Uint32(e[1:]), e[5:]
		}
		if m.length > 0 && m.distance != distance {
			add()
		}
		m.length, m.distance = m.length+length, distance
	}
	if m.length > 0 {
		add()
	}
	return m.literals
}
