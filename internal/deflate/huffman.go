package deflate

import (
	"math/bits"
	"slices"
)

// code is a symbol's bits, in the order in which DEFLATE writes them, and how
// many they are.
type code struct {
	bits uint16
	size uint8
}

// lengths sets the sizes of a Huffman code for symbols that occur as often as
// counts say, at most limit bits each; 0 for a symbol that does not occur. Of a
// single symbol the size is 1. It needs room for a symbol each.
func lengths(codes []code, counts []uint32, limit int, room []uint64) {
	// A leaf is its count above its symbol, so that sorting sorts both.
	leaves := room[:0]
	for symbol, n := range counts {
		codes[symbol] = code{}
		if n > 0 {
			leaves = append(leaves, uint64(n)<<16|uint64(symbol))
		}
	}
	if len(leaves) == 0 {
		return
	}
	if len(leaves) == 1 {
		codes[leaves[0]&0xffff].size = 1
		return
	}
	slices.Sort(leaves)
	var perSize [64]int // how many codes are of each size
	depths(leaves, &perSize)
	shorten(&perSize, limit)
	// The rarest symbols have the longest codes.
	next := 0
	for size := limit; size > 0; size-- {
		for range perSize[size] {
			codes[leaves[next]&0xffff].size = uint8(size)
			next++
		}
	}
}

// depths counts the leaves of Huffman's tree at each depth. Leaves are sorted;
// their symbols are kept. The two queues of Huffman's algorithm are the leaves
// and the inner nodes, which come into being in the order of their weights.
func depths(leaves []uint64, perDepth *[64]int) {
	n := len(leaves)
	var weights, parents [2 * maxSymbols]uint32
	for i, leaf := range leaves {
		weights[i] = uint32(leaf >> 16)
	}
	leaf, inner := 0, n
	for node := n; node < 2*n-1; node++ {
		for range 2 {
			least := inner
			if leaf < n && (inner == node || weights[leaf] <= weights[inner]) {
				least = leaf
				leaf++
			} else {
				inner++
			}
			weights[node] += weights[least]
			parents[least] = uint32(node)
		}
	}
	var depth [2 * maxSymbols]uint8
	for node := 2*n - 3; node >= 0; node-- {
		depth[node] = depth[parents[node]] + 1
		if node < n {
			perDepth[depth[node]]++
		}
	}
}

// shorten makes codes that are longer than limit as long as limit, and as many
// others longer as it takes for all to be told apart: the sum of 2^-size over
// all codes is 1 again.
func shorten(perSize *[64]int, limit int) {
	for size := limit + 1; size < len(perSize); size++ {
		perSize[limit] += perSize[size]
		perSize[size] = 0
	}
	total := 0 // in units of 2^-limit
	for size := 1; size <= limit; size++ {
		total += perSize[size] << (limit - size)
	}
	for ; total > 1<<limit; total-- {
		// One of the longest and one that is shorter become two of the latter's
		// size and one.
		perSize[limit]--
		size := limit - 1
		for perSize[size] == 0 {
			size--
		}
		perSize[size]--
		perSize[size+1] += 2
	}
}

// assign sets the bits of codes from their sizes: RFC 1951 section 3.2.2.
func assign(codes []code) {
	var perSize, next [16]uint16
	for _, c := range codes {
		perSize[c.size]++
	}
	perSize[0] = 0
	for size := 1; size < len(next); size++ {
		next[size] = (next[size-1] + perSize[size-1]) << 1
	}
	for i := range codes {
		if size := codes[i].size; size > 0 {
			codes[i].bits = bits.Reverse16(next[size]) >> (16 - size)
			next[size]++
		}
	}
}
