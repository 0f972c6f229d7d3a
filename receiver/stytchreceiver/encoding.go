package stytchreceiver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/otelcol-stytch/otelcol-stytch/internal/inflate"
)

// readEncoded reads into b.buffer what r decompresses to. The encodings are Loki's,
// whose deflate is a raw stream, and zstd.
func (b *body) readEncoded(encoding string, r io.Reader, limit int64) error {
	switch encoding {
	case "":
		return b.readAll(r, limit)
	case "gzip":
		return b.readPacked(r, inflate.Gunzip, limit)
	case "deflate":
		return b.readPacked(r, unflate, limit)
	case "zstd":
		plain, err := b.zstd.open(r)
		if err != nil {
			return err
		}
		return b.readAll(plain, limit)
	default:
		return errors.New("not supported")
	}
}

// decompressor appends to dst what src decompresses to, if that is at most so
// many bytes.
type decompressor func(dst, src []byte, limit int) ([]byte, error)

func (b *body) readPacked(r io.Reader, by decompressor, limit int64) error {
	b.swap()
	if err := b.readAll(r, limit); err != nil {
		return err
	}
	return b.decompress(by, limit)
}

// decompress replaces what was read into b.buffer after a swap, and swaps back.
func (b *body) decompress(by decompressor, limit int64) (err error) {
	b.swap()
	if len(b.spare) == 0 {
		return errors.New("it is empty")
	}
	b.buffer, err = by(b.buffer[:0], b.spare, int(min(limit, math.MaxInt)))
	return err
}

// swap is done before reading what is to be decompressed, and again when it is:
// one buffer then always holds compressed bytes, and stays as small as they.
func (b *body) swap() { b.buffer, b.spare = b.spare, b.buffer }

// unflate ignores what follows the stream.
func unflate(dst, src []byte, limit int) ([]byte, error) {
	dst, _, err := inflate.Inflate(dst, src, limit)
	return dst, err
}

func unsnap(dst, src []byte, limit int) ([]byte, error) {
	size, err := snappy.DecodedLen(src)
	switch {
	case err != nil:
		return dst, err
	case size > limit:
		return dst, &http.MaxBytesError{Limit: int64(limit)}
	}
	return snappy.Decode(dst[:cap(dst)], src)
}

// zstdReader is made when first needed and then used again.
type zstdReader struct {
	wire    *bufio.Reader
	decoder *zstd.Decoder
}

// maxWindow is how far back a zstd stream may refer, in bytes: what every
// decoder should support (RFC 8878, section 3.1.1.1.2), and what the sender
// could otherwise make the receiver hold beside the body.
const maxWindow = 8 << 20

// open returns a reader of what r decompresses to.
func (z *zstdReader) open(r io.Reader) (_ io.Reader, err error) {
	if z.decoder != nil {
		z.wire.Reset(r)
		return z.decoder, z.decoder.Reset(z.wire)
	}
	z.wire = bufio.NewReader(r)
	// One goroutine, which is the caller's: nothing is left behind.
	z.decoder, err = zstd.NewReader(z.wire, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecodeBuffersBelow(0))
	return z.decoder, err
}

// detach lets go of the request that was read.
func (z *zstdReader) detach() {
	if z.decoder != nil {
		z.wire.Reset(nil)
		_ = z.decoder.Reset(nil)
	}
}

// windowExceeded tells whether err is that of a zstd stream which refers
// further back than maxWindow; one that tells its size at the start may refer
// back to all of it.
func windowExceeded(err error) bool {
	return errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded)
}

// supported refuses a Content-Encoding that a door does not take.
func supported(given string, encodings ...string) error {
	if slices.Contains(encodings, given) {
		return nil
	}
	return fmt.Errorf("Content-Encoding %.40q is not supported: want %s or no such header", given, strings.Join(encodings, ", "))
}
