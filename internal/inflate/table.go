package inflate

import "math/bits"

// An entry of a decode table says what the bits that index it begin with. From
// the lowest bit:
//
//	0-5    bits that the code and its extra bits take
//	6-7    how many literals it is, 0 for another code
//	8-11   bits that the code takes; of a link, the index bits of the table
//	       that it leads to
//	12-15  flags: it is no literal, length or distance
//	16-31  the least length or distance, or the literals, the first lowest, or
//	       where a link leads
//
// Of a code that is longer than the index of the first table, the entry there
// is a link to a second table, indexed by the bits that follow, whose entries
// count the bits from there.
type entry uint32

const (
	takenMask    = 63
	literalShift = 6
	literals     = 3 << literalShift
	codeShift    = 8
	codeMask     = 15
	special      = 1 << 15 // end of block, or one of the next two
	link         = 1 << 14
	invalid      = 1 << 13
	valueShift   = 16
)

func (e entry) taken() uint   { return uint(e & takenMask) }
func (e entry) code() uint    { return uint(e >> codeShift & codeMask) }
func (e entry) literals() int { return int(e >> literalShift & 3) }

// value is the length or the distance of a code that the bits begin with.
func (e entry) value(bits uint64) int {
	return int(e>>valueShift) + int(bits&(1<<e.taken()-1)>>e.code())
}

// second is the index that a link leads to, by the bits that follow it.
func (e entry) second(bits uint64) uint {
	return uint(e>>valueShift) + uint(bits)&(1<<e.code()-1)
}

const (
	maxCode = 15 // bits of the longest code (RFC 1951, section 3.2.7)

	litBits    = 11 // index bits of the first table
	distBits   = 8
	lengthBits = 7

	litMask  = 1<<litBits - 1
	distMask = 1<<distBits - 1

	litCodes    = 288 // the last two are never used, but have a fixed code
	distCodes   = 32  // the same
	lengthCodes = 19
)

// A second table of 2^n entries serves at least n+1 codes, so all second tables
// together have at most 2^n/(n+1) entries for each code, with the largest n.
const (
	litSize  = 1<<litBits + litCodes<<(maxCode-litBits)/(maxCode-litBits+1)
	distSize = 1<<distBits + distCodes<<(maxCode-distBits)/(maxCode-distBits+1)
)

type (
	litTable    [litSize]entry
	distTable   [distSize]entry
	lengthTable [1 << lengthBits]entry
)

// What a code means, as the entry of a code of no bits.
var (
	litMeaning    [litCodes]entry
	distMeaning   [distCodes]entry
	lengthMeaning [lengthCodes]entry

	fixedLit  litTable
	fixedDist distTable
)

func init() {
	for i := range litMeaning[:256] {
		litMeaning[i] = 1<<literalShift | entry(i)<<valueShift
	}
	litMeaning[256] = special // end of block
	base := 3
	for i := range 28 { // each extra bit but none serves four codes
		extra := max(0, i/4-1)
		litMeaning[257+i] = entry(base)<<valueShift | entry(extra)
		base += 1 << extra
	}
	litMeaning[285] = 258 << valueShift
	litMeaning[286], litMeaning[287] = special|invalid, special|invalid
	base = 1
	for i := range 30 {
		extra := max(0, i/2-1)
		distMeaning[i] = entry(base)<<valueShift | entry(extra)
		base += 1 << extra
	}
	distMeaning[30], distMeaning[31] = special|invalid, special|invalid
	for i := range lengthMeaning {
		lengthMeaning[i] = entry(i) << valueShift
	}

	var lengths [litCodes]uint8 // RFC 1951, section 3.2.6
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	build(fixedLit[:], litBits, lengths[:], litMeaning[:])
	for i := range distCodes {
		lengths[i] = 5
	}
	build(fixedDist[:], distBits, lengths[:distCodes], distMeaning[:])
}

// build fills a table from the lengths of the codes in bits, 0 for a code that
// is not used, and tells whether they are a code: every sequence of bits begins
// with one. As compress/flate has it, a single code of one bit is one too, and
// no code at all, as long as no other bits occur.
func build(table []entry, tableBits uint, lengths []uint8, meaning []entry) bool {
	var counts [4][maxCode + 1]uint16 // in turn: each waits for what it wrote last
	for i, n := range lengths {
		counts[i&3][n&maxCode]++
	}
	count := counts[0]
	for n := range count {
		count[n] += counts[1][n] + counts[2][n] + counts[3][n]
	}
	// Symbols in the order of their codes: by length, then by symbol.
	var next [maxCode + 2]uint16
	var space uint32 // taken, of 1<<maxCode
	for n := 1; n <= maxCode; n++ {
		next[n+1] = next[n] + count[n]
		space += uint32(count[n]) << (maxCode - n)
	}
	var sorted [litCodes]uint16
	for symbol, n := range lengths {
		if n != 0 {
			at := next[n&maxCode]
			next[n&maxCode]++
			sorted[at] = uint16(symbol)
		}
	}
	switch {
	case space == 1<<maxCode:
	case space == 0, space == 1<<(maxCode-1) && count[1] == 1:
		first := table[:1<<tableBits]
		for i := range first {
			first[i] = special | invalid | 1<<codeShift | 1
			if space != 0 && i&1 == 0 {
				first[i] = meaning[sorted[0]] + 1<<codeShift + 1
			}
		}
		return true
	default:
		return false
	}

	at := 0
	code := uint(0) // in the order in which the bits come
	size := uint(1) // of the table so far
	length := uint(1)
	for ; length <= tableBits; length++ {
		// Without the bit that this length adds to the index, all is as it was.
		copy(table[size:2*size], table[:size])
		size *= 2
		add := entry(length<<codeShift | length)
		for range count[length] {
			table[code] = meaning[sorted[at]] + add
			at++
			code = after(code, length)
		}
	}
	var start, end, prefix uint
	prefix, end = ^uint(0), size
	var second uint // index bits
	for ; length <= maxCode; length++ {
		own := length - tableBits
		add := entry(own<<codeShift | own)
		for left := count[length]; left > 0; left-- {
			if code&(size-1) != prefix {
				prefix, start = code&(size-1), end
				second = own
				for taken := uint(left); taken < 1<<second && tableBits+second < maxCode; {
					second++
					taken = taken<<1 + uint(count[tableBits+second])
				}
				end += 1 << second
				table[prefix] = special | link | entry(start<<valueShift) | entry(second<<codeShift) | entry(tableBits)
			}
			e := meaning[sorted[at]] + add
			at++
			for i := start + code>>tableBits; i < end; i += 1 << own {
				table[i] = e
			}
			code = after(code, length)
		}
	}
	return true
}

// after is the code that follows one of so many bits; both stand in the order
// in which the bits come, the most significant first.
func after(code, length uint) uint {
	ones := 1<<length - 1
	zero := uint(bits.Len(uint(ones) ^ code)) // the highest bit that is not set, from 1
	if zero == 0 {
		return 0
	}
	bit := uint(1) << (zero - 1)
	return code&(bit-1) | bit
}

// pair makes entries of two literals where the index holds the codes of both.
// It goes down, so that what follows the first code, a lower index, is still
// one.
func (t *litTable) pair() {
	for i := litMask; i >= 0; i-- {
		first := t[i]
		if first&literals == 0 {
			continue
		}
		second := t[i>>first.taken()]
		if second&literals != 0 && first.taken()+second.taken() <= litBits {
			t[i] = first + second&(1<<valueShift-1) + second>>valueShift<<24
		}
	}
}
