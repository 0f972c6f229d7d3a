package httpsend

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// gzipLevel trades CPU for bytes on the wire.
const gzipLevel = gzip.BestSpeed

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
	return w
}}

// Gzip compresses payload into dst.
func Gzip(dst *bytes.Buffer, payload []byte) error {
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(dst)
	if _, err := w.Write(payload); err != nil {
		return err
	}
	return w.Close()
}
