package payload

import (
	"cmp"
	"slices"
	"strings"
)

// Range is the records from Lo up to, but not including, Hi.
type Range struct{ Lo, Hi int }

// Batch is the records of a request in the order in which they are sent: those
// of a stream together, otherwise as they came.
type Batch struct {
	format  *Format
	blocks  []block
	ends    []int // of the blocks' records in the batch
	scratch []byte
}

// NewBatch returns the records of r.
func NewBatch(r *Request) *Batch {
	b := &Batch{format: r.format, blocks: r.blocks}
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
func (b *Batch) Len() int {
	if len(b.ends) == 0 {
		return 0
	}
	return b.ends[len(b.ends)-1]
}

// at returns the number of the block that record i is in.
func (b *Batch) at(i int) int {
	n, _ := slices.BinarySearchFunc(b.ends, i+1, cmp.Compare[int])
	return n
}

// within returns which records of block n are among those from lo up to hi.
func (b *Batch) within(n, lo, hi int) (from, to int) {
	start := b.ends[n] - len(b.blocks[n].records)
	return max(lo, start) - start, min(hi, b.ends[n]) - start
}

// Fill makes p the payload of records from lo on, and at most those before hi.
// It returns how far it came: to the end of the stream, or to where the next
// would put the payload over the format's limits, but it takes at least one.
func (b *Batch) Fill(p *Payload, lo, hi int) (next int, err error) {
	next, size := b.measure(lo, hi)
	p.reset(&b.format.Codec)
	first := b.at(lo)
	p.plain = b.format.Head(p.plain, b.blocks[first].stream, size)
	p.size = len(p.plain) + size + len(b.format.Tail)
	if b.blocks[first].packing == plain { // then others are, too
		p.plain = slices.Grow(p.plain, p.size-len(p.plain))
	}
	for n := first; n < len(b.blocks) && b.ends[n]-len(b.blocks[n].records) < next; n++ {
		if n > first {
			p.plain = append(p.plain, b.format.Separator...)
		}
		from, to := b.within(n, lo, next)
		x := &b.blocks[n]
		if x.packing != plain && to-from == len(x.records) {
			p.parts = append(p.parts, part{len(p.plain), x})
			continue
		}
		cut, err := b.format.part(x, from, to)
		if err != nil {
			return next, err
		}
		p.plain = append(p.plain, cut.data...)
	}
	p.plain = append(p.plain, b.format.Tail...)
	return next, nil
}

// measure returns where the payload of records from lo on ends, and the size of
// its records with their separators.
func (b *Batch) measure(lo, hi int) (next, size int) {
	f := b.format
	next = lo
	first := b.at(lo)
	stream := b.blocks[first].stream
	b.scratch = f.Head(b.scratch[:0], stream, 0)
	for n := first; n < len(b.blocks) && next < hi && b.blocks[n].stream == stream; n++ {
		x := &b.blocks[n]
		from, to := b.within(n, lo, hi)
		if n > first {
			size += len(f.Separator)
		}
		more := x.size
		if to-from < len(x.records) {
			_, more = f.span(x, from, to)
		}
		if f.fits(b.scratch, stream, next-lo+to-from, size+more) {
			next, size = b.ends[n]-len(x.records)+to, size+more
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
			if i > from && !f.fits(b.scratch, stream, i-from+1, size+more) {
				break
			}
			next, size = b.ends[n]-len(x.records)+i+1, size+more
		}
		return next, size
	}
	return next, size
}

// Cut divides r, of at least two records, into n parts or fewer: at the ends of
// blocks where it holds several, for a block that stays whole stays packed.
func (b *Batch) Cut(r Range, n int) []Range {
	inner := b.ends[b.at(r.Lo):b.at(r.Hi-1)] // of all its blocks but the last
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

// Each calls do with the records from lo up to hi, some at a time.
func (b *Batch) Each(lo, hi int, do func([]Record)) {
	for n := b.at(lo); lo < hi; n++ {
		from, to := b.within(n, lo, hi)
		do(b.blocks[n].records[from:to])
		lo = b.ends[n]
	}
}

// Request returns the records of the ranges, which are in order.
func (b *Batch) Request(ranges []Range) (*Request, error) {
	r := &Request{format: b.format}
	for _, x := range ranges {
		for n := b.at(x.Lo); x.Lo < x.Hi; n++ {
			from, to := b.within(n, x.Lo, x.Hi)
			part, err := b.format.part(&b.blocks[n], from, to)
			if err != nil {
				return nil, err
			}
			r.add(part)
			x.Lo = b.ends[n]
		}
	}
	return r, nil
}
