// Package inflate decompresses DEFLATE (RFC 1951), zlib (RFC 1950) and gzip (RFC 1952)
// from memory to memory. The output itself is the window, so no byte is copied twice, as
// behind an io.Reader.
//
// It accepts what compress/flate, compress/zlib and compress/gzip accept, and returns their
// errors. Sizes and limits are in bytes. All functions are safe for concurrent use.
package inflate
