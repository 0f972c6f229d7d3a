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

// encoding is a way that a body can be compressed.
type encoding struct {
	name string

	// decode appends to dst what src decompresses to, if that is at most limit
	// bytes: else its error is tooLarge.
	decode func(dst, src []byte, limit int) ([]byte, error)

	// size returns how many bytes src says that it decompresses to, or a guess.
	size func(src []byte) (int64, error)
}

// The encodings are Loki's, and zstd.
var (
	snappyBlock = &encoding{"snappy", unsnap, snappySize}
	encodings   = map[string]*encoding{
		"gzip":    {"gzip", inflate.Gunzip, gzipSize},
		"deflate": {"deflate", inflate.Deflate, guessSize},
		"zstd":    {"zstd", unzstd, zstdSize},
	}
)

// decompress replaces what was read into b.buffer after a swap, and swaps back.
// Held is raised to what the request weighs while it is parsed, by the size that
// the body tells; if that was wrong, once more by the limit.
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

// swap is done before reading what is to be decompressed, and again when it is:
// one buffer then always holds compressed bytes, and stays as small as they.
func (b *body) swap() { b.buffer, b.spare = b.spare, b.buffer }

var errTooLarge = errors.New("larger than the limit")

// tooLarge tells whether err is that of a body which is, or decompresses to, more
// bytes than the limit.
func tooLarge(err error) bool {
	var wire *http.MaxBytesError
	return errors.Is(err, errTooLarge) || errors.As(err, &wire) || errors.Is(err, inflate.ErrTooLarge) ||
		errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded)
}

// guessSize is for what does not tell its size: events are seldom compressed
// to less than a sixteenth.
func guessSize(src []byte) (int64, error) { return 16 * int64(len(src)), nil }

// gzipSize is what the last member tells (RFC 1952, section 2.3.1: ISIZE), which
// is all where there is one, as far as DEFLATE can compress.
func gzipSize(src []byte) (int64, error) {
	if len(src) < 4 {
		return 0, nil
	}
	return min(int64(binary.LittleEndian.Uint32(src[len(src)-4:])), inflate.MaxRatio*int64(len(src))), nil
}

// snappySize is exact. Three bytes of a block become 64 at most, by a copy with
// an offset of two bytes: what claims more is refused before memory is set aside
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

// zstdSize is what the first frame tells, if it does.
func zstdSize(src []byte) (int64, error) {
	var header zstd.Header
	if header.Decode(src) == nil && header.HasFCS {
		return int64(min(header.FrameContentSize, math.MaxInt64)), nil
	}
	return guessSize(src)
}

// zstds decodes into the memory that it is given and no further. What it has
// written serves as the window.
var zstds, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))

// zstdBlock is the most that a block holds, in bytes (RFC 8878, section 3.1.1.2.4).
const zstdBlock = 128 << 10

// unzstd gives the decoder room for one block beyond the limit: its error where it
// has no room for a block is that of a corrupt one.
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

// supported refuses a Content-Encoding that a door does not take.
func supported(given string, encodings ...string) error {
	if slices.Contains(encodings, given) {
		return nil
	}
	return fmt.Errorf("Content-Encoding %.40q is not supported: want %s or no such header", given, strings.Join(encodings, ", "))
}
