// Package deflate compresses texts that are wholly in memory, by RFC 1951. It is
// fast for texts whose parts repeat each other: s2's assembly searches for matches,
// and Huffman codes of each block's own write them.
//
// Its blocks end at a byte and refer to nothing before them, so that texts which
// were compressed apart can be joined to one stream. Final ends it.
package deflate

// Final is the empty block that ends a stream: RFC 1951 section 3.2.3.
var Final = []byte{3, 0}
