package payload

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/config/configcompression"
)

// Codec compresses payloads.
type Codec struct {
	// ContentEncoding names it in HTTP; "" is none.
	ContentEncoding string

	// Packing and pack are how blocks are compressed so that payloads can be made
	// of them; pack is nil where they stay plain. Write appends a payload's body.
	packing packing
	pack    func(dst, plain []byte) (packed []byte, sum uint32)
	write   func(dst *bytes.Buffer, p *Payload) error
}

// The codecs. Two keep blocks packed: deflate's blocks and snappy's elements
// can be strung together. A zstd frame cannot be, and not every reader takes
// several.
var (
	Gzip   = Codec{ContentEncoding: "gzip", packing: deflated, pack: packDeflate, write: writeGzip}
	Snappy = Codec{ContentEncoding: "snappy", packing: snappied, pack: packSnappy, write: writeSnappy}
	Zstd   = Codec{ContentEncoding: "zstd", write: writeZstd}
	None   = Codec{write: writePlain}
)

// CodecOf returns the codec of a setting. Known is false where HTTP intakes do not
// read that compression.
func CodecOf(setting configcompression.Type) (c Codec, known bool) {
	switch setting {
	case configcompression.TypeGzip:
		return Gzip, true
	case configcompression.TypeZstd:
		return Zstd, true
	case "none", "":
		return None, true
	default:
		return Codec{}, false
	}
}

// packing is how the data of a block is compressed; stored with it.
type packing byte

const (
	plain    packing = 0
	deflated packing = 1
	snappied packing = 2
)

// zstdEncoder serves all: its EncodeAll keeps a pool of its own, of as many
// states as there are processors.
var zstdEncoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
})

func writeZstd(dst *bytes.Buffer, p *Payload) error {
	encoder, err := zstdEncoder()
	if err != nil {
		return err
	}
	dst.Grow(len(p.plain) / 8) // JSON events shrink to about a tenth
	_, err = dst.Write(encoder.EncodeAll(p.plain, dst.AvailableBuffer()))
	return err
}

func writePlain(dst *bytes.Buffer, p *Payload) error {
	_, err := dst.Write(p.plain)
	return err
}
