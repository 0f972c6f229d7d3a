package stytchreceiver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/otelcol-stytch/otelcol-stytch/internal/inflate"
)

// encoding is a Content-Encoding.
type encoding struct {
	name string

	// decode appends the decompressed src to dst. For more than limit bytes it returns
	// an error for which tooLarge is true.
	decode func(dst, src []byte, limit int) ([]byte, error)

	// size returns the size of the decompressed src in bytes: as src states it, or a
	// guess.
	size func(src []byte) (int64, error)
}

// The encodings are Loki's, and zstd.
var (
	snappyBlock = &encoding{"snappy", unsnap, snappySize}
	encodings   = map[string]*encoding{
		"gzip":    {"gzip", inflate.Gunzip, gzipSize},
		"deflate": {"deflate", inflate.Deflate, guessSize},
		"snappy":  snappyBlock,
		"zstd":    {"zstd", unzstd, zstdSize},
	}
)

// encodingOf returns the Content-Encoding of a request, nil for none. It must be one of
// supported, and one of allowed unless that is empty.
func encodingOf(header http.Header, allowed []string, supported ...string) (*encoding, error) {
	given := header.Get("Content-Encoding")
	if given != "" && !slices.Contains(supported, given) {
		return nil, newHTTPError(reasonEncoding,
			fmt.Errorf("Content-Encoding %.40q is not supported: want %s or no such header", given, strings.Join(supported, ", ")))
	}
	if len(allowed) > 0 && !slices.Contains(allowed, given) {
		return nil, newHTTPError(reasonEncoding, fmt.Errorf("Content-Encoding %.40q is not among http::compression_algorithms", given))
	}
	return encodings[given], nil
}

// decompress replaces b.buffer, which was read after a swap, by what it decompresses
// to, and swaps back. Before that it raises held to the weight of a request while it is
// parsed: by the size that the body states, then, if that was too little, by the limit.
func (b *body) decompress(e *encoding, limit int64, held *share) error {
	b.swap()
	if len(b.spare) == 0 {
		return errors.New("it is empty")
	}
	size, err := e.size(b.spare)
	if err != nil {
		return err
	}
	limit = min(limit, math.MaxInt)
	for size = min(max(size, int64(len(b.spare))), limit); ; size = limit {
		if err := held.renew(parseWeight(size, expectedRecords(size))); err != nil {
			return err
		}
		decoded, err := e.decode(b.buffer[:0], b.spare, int(size))
		if err == nil {
			b.buffer = decoded
		}
		if !tooLarge(err) || size == limit {
			return err
		}
	}
}

// swap exchanges the two buffers. It is called before a compressed body is read and
// again when it is decompressed: so one buffer holds only compressed bytes and stays
// small.
func (b *body) swap() { b.buffer, b.spare = b.spare, b.buffer }

var errTooLarge = errors.New("larger than the limit")

// tooLarge tells whether err is that of a body with more bytes than the limit, as sent
// or as decompressed.
func tooLarge(err error) bool {
	var wire *http.MaxBytesError
	return errors.Is(err, errTooLarge) || errors.As(err, &wire) || errors.Is(err, inflate.ErrTooLarge) ||
		errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded)
}

// guessSize is for formats that do not state a size. Events seldom compress to less than
// a sixteenth.
func guessSize(src []byte) (int64, error) { return 16 * int64(len(src)), nil }

// gzipSize returns the size of the last member (ISIZE, RFC 1952, section 2.3.1), at most
// what DEFLATE can make of src. Nearly every body has one member.
func gzipSize(src []byte) (int64, error) {
	if len(src) < 4 {
		return 0, nil
	}
	return min(int64(binary.LittleEndian.Uint32(src[len(src)-4:])), inflate.MaxRatio*int64(len(src))), nil
}

// snappySize is exact. Three bytes of a block become 64 bytes at most, by a copy with a
// two-byte offset: a block that claims more is an error before memory is allocated
// (https://github.com/google/snappy/blob/main/format_description.txt, section 2.2).
func snappySize(src []byte) (int64, error) {
	size, err := snappy.DecodedLen(src)
	if err == nil && int64(size) > int64(len(src))*64/3 {
		return 0, fmt.Errorf("snappy: %d bytes cannot decompress to %d", len(src), size)
	}
	return int64(size), err
}

func unsnap(dst, src []byte, limit int) ([]byte, error) {
	if size, err := snappy.DecodedLen(src); err == nil && size > limit {
		return dst, errTooLarge
	}
	return snappy.Decode(dst[:cap(dst)], src)
}

// zstdSize returns the size of the first frame if it states one, else a guess.
func zstdSize(src []byte) (int64, error) {
	var header zstd.Header
	if header.Decode(src) == nil && header.HasFCS {
		return int64(min(header.FrameContentSize, math.MaxInt64)), nil
	}
	return guessSize(src)
}

// zstds decodes within the capacity of its destination, which is also its window.
var zstds, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))

// zstdBlock is the largest block, in bytes (RFC 8878, section 3.1.1.2.4).
const zstdBlock = 128 << 10

// unzstd gives the decoder room for one block beyond the limit: without room for a block
// it returns the error of a corrupt one.
func unzstd(dst, src []byte, limit int) ([]byte, error) {
	if cap(dst) < limit+zstdBlock {
		dst = make([]byte, 0, limit+zstdBlock)
	}
	out, err := zstds.DecodeAll(src, dst[:0:limit+zstdBlock])
	if len(out) > limit {
		return dst, errTooLarge
	}
	return out, err
}
