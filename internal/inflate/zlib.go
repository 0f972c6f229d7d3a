package inflate

import (
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
)

// Of a zlib stream's header and trailer (RFC 1950, section 2.2), in bytes.
const (
	zlibHeader  = 2
	zlibTrailer = 4
)

// Deflate decompresses src and appends the output to dst. Limit bounds the appended bytes.
// Src is a zlib stream, which HTTP calls deflate (RFC 9110, section 8.4.1.2), or a raw
// DEFLATE stream, which many senders send by that name. Bytes after the stream are ignored.
//
// The first two bytes tell them apart. The lowest bits of a zlib stream's first byte are
// 1000. A raw stream can begin so only with a stored block (000) whose padding is not zero,
// which no known encoder writes. So a stream that is not valid zlib is read as a raw one. If
// it is not that either, the error is zlib's.
func Deflate(dst, src []byte, limit int) ([]byte, error) {
	if !zlibBegins(src) {
		out, _, err := Inflate(dst, src, limit)
		return out, err
	}
	out, err := unzlib(dst, src, limit)
	if err == nil || errors.Is(err, ErrTooLarge) {
		return out, err
	}
	if raw, _, err := Inflate(dst, src, limit); err == nil {
		return raw, nil
	}
	return out, err
}

// zlibBegins tells whether src starts like a zlib stream without a dictionary.
func zlibBegins(src []byte) bool {
	if len(src) < zlibHeader {
		return false
	}
	method, window, dictionary := src[0]&0x0f, src[0]>>4, src[1]&0x20
	return method == 8 && window <= 7 && dictionary == 0 && binary.BigEndian.Uint16(src)%31 == 0
}

func unzlib(dst, src []byte, limit int) ([]byte, error) {
	src = src[zlibHeader:]
	out, n, err := Inflate(dst, src, limit)
	switch {
	case err != nil:
		return out, err
	case len(src)-n < zlibTrailer:
		return out, io.ErrUnexpectedEOF
	case binary.BigEndian.Uint32(src[n:]) != adler32.Checksum(out[len(dst):]):
		return out, zlib.ErrChecksum
	default:
		return out, nil
	}
}
