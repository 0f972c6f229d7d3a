package payload

import (
	"cmp"
	"slices"
	"strings"
)

// Range is the records from Lo up to, but not including, Hi.
type Range struct{ Lo, Hi int }

// Cursor gives the records of a request in the order in which they are sent: those
// of a stream together, otherwise as they came.
type Cursor struct {
	format  *Format
	blocks  []block
	ends    []int // where the records of each block end
	scratch []byte
}

// NewCursor returns the records of r, which must not be changed while it is used.
func NewCursor(r *Request) *Cursor {
	b := &Cursor{format: r.format, blocks: r.blocks}
	byStream := func(x, y block) int { return strings.Compare(x.stream, y.stream) }
	if !slices.IsSortedFunc(b.blocks, byStream) {
		b.blocks = slices.Clone(b.blocks)
		slices.SortStableFunc(b.blocks, byStream)
	}
	b.ends = ends(b.blocks)
	return b
}

func ends(blocks []block) []int {
	ends, end := make([]int, len(blocks)), 0
	for i := range blocks {
		end += len(blocks[i].records)
		ends[i] = end
	}
	return ends
}

// Len returns how many records there are.
func (c *Cursor) Len() int {
	if len(c.ends) == 0 {
		return 0
	}
	return c.ends[len(c.ends)-1]
}

// at returns the number of the block of record i.
func (c *Cursor) at(i int) int {
	n, _ := slices.BinarySearchFunc(c.ends, i+1, cmp.Compare[int])
	return n
}

// within returns which records of block n are among those from lo up to hi.
func (c *Cursor) within(n, lo, hi int) (from, to int) {
	start := c.ends[n] - len(c.blocks[n].records)
	return max(lo, start) - start, min(hi, c.ends[n]) - start
}

// NextPayload makes p the payload of the records from lo on, and at most those
// before hi: 0 <= lo < hi <= Len. It returns where it ended: at hi, at the end of
// the stream, or before the record that would exceed the format's limits. It takes
// at least one. P refers to the cursor's records until the next call with p, or
// Release. It fails where a block cannot be unpacked; p is of no use then.
func (c *Cursor) NextPayload(p *Payload, lo, hi int) (next int, err error) {
	next, size := c.measure(lo, hi)
	p.reset(&c.format.Codec)
	first := c.at(lo)
	p.plain = c.format.Head(p.plain, c.blocks[first].stream, size)
	p.size = len(p.plain) + size + len(c.format.Tail)
	if c.blocks[first].packing == plain { // then others are, too
		p.plain = slices.Grow(p.plain, p.size-len(p.plain))
	}
	for n := first; n < len(c.blocks) && c.ends[n]-len(c.blocks[n].records) < next; n++ {
		if n > first {
			p.plain = append(p.plain, c.format.Separator...)
		}
		from, to := c.within(n, lo, next)
		x := &c.blocks[n]
		if x.packing != plain && to-from == len(x.records) {
			p.parts = append(p.parts, part{len(p.plain), x})
			continue
		}
		cut, err := x.part(len(c.format.Separator), from, to)
		if err != nil {
			return next, err
		}
		p.plain = append(p.plain, cut.data...)
	}
	p.plain = append(p.plain, c.format.Tail...)
	return next, nil
}

// measure returns where the payload of records from lo on ends, and the size of
// its records with their separators.
func (c *Cursor) measure(lo, hi int) (next, size int) {
	f := c.format
	next = lo
	first := c.at(lo)
	stream := c.blocks[first].stream
	c.scratch = f.Head(c.scratch[:0], stream, 0)
	for n := first; n < len(c.blocks) && next < hi && c.blocks[n].stream == stream; n++ {
		x := &c.blocks[n]
		from, to := c.within(n, lo, hi)
		if n > first {
			size += len(f.Separator)
		}
		more := x.size
		if to-from < len(x.records) {
			_, more = x.span(len(f.Separator), from, to)
		}
		if f.fits(c.scratch, stream, next-lo+to-from, size+more) {
			next, size = c.ends[n]-len(x.records)+to, size+more
			continue
		}
		if n > first {
			return next, size - len(f.Separator)
		}
		for i := from; i < to; i++ {
			more := int(x.records[i].Size)
			if i > from {
				more += len(f.Separator)
			}
			if i > from && !f.fits(c.scratch, stream, i-from+1, size+more) {
				break
			}
			next, size = c.ends[n]-len(x.records)+i+1, size+more
		}
		return next, size
	}
	return next, size
}

// Cut divides r, of at least two records, into n parts or fewer. Where r has several
// blocks it cuts between them: a block that stays whole stays packed.
func (c *Cursor) Cut(r Range, n int) []Range {
	inner := c.ends[c.at(r.Lo):c.at(r.Hi-1)] // of all its blocks but the last
	several := len(inner) > 0
	var parts []Range
	for n = min(n, r.Hi-r.Lo); n > 1; n-- {
		middle := r.Lo + (r.Hi-r.Lo)/n
		if several {
			if len(inner) == 0 {
				break
			}
			k, _ := slices.BinarySearch(inner, middle)
			if k == len(inner) || k > 0 && middle-inner[k-1] < inner[k]-middle {
				k--
			}
			middle, inner = inner[k], inner[k+1:]
		}
		parts = append(parts, Range{r.Lo, middle})
		r.Lo = middle
	}
	return append(parts, r)
}

// Each calls do with the records from lo up to hi, some at a time. The slices belong
// to the request: do must not change them, or keep them after it returns.
func (c *Cursor) Each(lo, hi int, do func([]Record)) {
	for n := c.at(lo); lo < hi; n++ {
		from, to := c.within(n, lo, hi)
		do(c.blocks[n].records[from:to])
		lo = c.ends[n]
	}
}

// Request returns a request of the records of the ranges, which are in order and do
// not overlap. It fails where a block cannot be unpacked.
func (c *Cursor) Request(ranges []Range) (*Request, error) {
	r := &Request{format: c.format}
	for _, x := range ranges {
		for n := c.at(x.Lo); x.Lo < x.Hi; n++ {
			from, to := c.within(n, x.Lo, x.Hi)
			part, err := c.blocks[n].part(len(c.format.Separator), from, to)
			if err != nil {
				return nil, err
			}
			r.add(part)
			x.Lo = c.ends[n]
		}
	}
	return r, nil
}
