package stytchreceiver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// decoders are the decompressors of one body, made when first needed and then
// used again.
type decoders struct {
	wire  *bufio.Reader
	gzip  gzip.Reader
	flate io.ReadCloser
	zstd  *zstd.Decoder
}

// maxWindow is how far back a zstd stream may refer, in bytes: what every
// decoder should support (RFC 8878, section 3.1.1.1.2), and what the sender
// could otherwise make the receiver hold beside the body.
const maxWindow = 8 << 20

// open returns a reader of what r decompresses to. The encodings are Loki's,
// whose deflate is a raw stream, and zstd.
func (d *decoders) open(encoding string, r io.Reader) (_ io.Reader, err error) {
	if encoding == "" {
		return r, nil
	}
	if d.wire == nil {
		d.wire = bufio.NewReader(r)
	} else {
		d.wire.Reset(r)
	}
	switch encoding {
	case "gzip":
		return &d.gzip, d.gzip.Reset(d.wire)
	case "deflate":
		if d.flate == nil {
			d.flate = flate.NewReader(d.wire)
			return d.flate, nil
		}
		return d.flate, d.flate.(flate.Resetter).Reset(d.wire, nil)
	case "zstd":
		if d.zstd == nil {
			// One goroutine, which is the caller's: nothing is left behind.
			d.zstd, err = zstd.NewReader(d.wire, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecodeBuffersBelow(0))
			return d.zstd, err
		}
		return d.zstd, d.zstd.Reset(d.wire)
	default:
		return nil, errors.New("not supported")
	}
}

// detach lets go of the request that was read.
func (d *decoders) detach() {
	if d.wire != nil {
		d.wire.Reset(nil)
	}
	if d.zstd != nil {
		_ = d.zstd.Reset(nil)
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
