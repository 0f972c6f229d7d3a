package jsonscan

import (
	"testing"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// An event out of its quotes and into them again: what the way through Loki's
// push format costs beside the scan.
func BenchmarkQuotes(b *testing.B) {
	event := testdata.Events()[0].JSON
	quoted := AppendQuoted(nil, event)
	buf := make([]byte, 0, 2*len(quoted))
	b.Run("append-string", func(b *testing.B) {
		b.SetBytes(int64(len(event)))
		b.ReportAllocs()
		for b.Loop() {
			buf, _, _ = AppendString(buf[:0], quoted, 0)
		}
	})
	b.Run("append-quoted", func(b *testing.B) {
		b.SetBytes(int64(len(event)))
		b.ReportAllocs()
		for b.Loop() {
			buf = AppendQuoted(buf[:0], event)
		}
	})
}
