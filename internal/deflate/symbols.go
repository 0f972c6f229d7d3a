package deflate

import "math/bits"

// distanceSymbol: RFC 1951 section 3.2.5. Each two symbols share a number of
// extra bits.
func distanceSymbol(distance uint32) int {
	d := distance - 1
	if d < 4 {
		return int(d)
	}
	extra := bits.Len32(d) - 2
	return 2*extra + int(d>>extra)
}

// The lengths of matches, less the shortest: their symbols, less the first, and
// of each symbol the first length and how many extra bits tell which one it is:
// RFC 1951 section 3.2.5.
var (
	lengthSymbol [maxMatch - minMatch + 1]uint8
	lengthBase   [29]uint8
	lengthExtra  = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

func init() {
	length := 0
	for symbol, extra := range lengthExtra[:28] {
		lengthBase[symbol] = uint8(length)
		for range 1 << extra {
			lengthSymbol[length] = uint8(symbol)
			length++
		}
	}
	// The longest has a symbol of its own.
	lengthSymbol[maxMatch-minMatch], lengthBase[28] = 28, maxMatch-minMatch
}
