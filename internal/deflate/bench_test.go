package deflate

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// BenchmarkDeflate compares our DEFLATE with the library's, on events as Loki's
// JSON has them, in blocks of so many.
func BenchmarkDeflate(b *testing.B) {
	var events [][]byte
	for i, e := range testdata.Mixed(1000, time.Now()) {
		entry := jsonscan.AppendQuoted(fmt.Appendf(nil, `["%d",`, 1764000000000000000+i*1234567), e.JSON)
		events = append(events, append(entry, ']'))
	}
	for _, n := range []int{1, 10, 100, 1000} {
		var texts [][]byte
		for i := 0; i < len(events); i += n {
			texts = append(texts, bytes.Join(events[i:i+n], []byte(",")))
		}
		measure := func(name string, compress func(dst *bytes.Buffer, text []byte)) {
			b.Run(fmt.Sprintf("%s/events=%d", name, n), func(b *testing.B) {
				var dst bytes.Buffer
				size := 0
				for b.Loop() {
					size = 0
					for _, text := range texts {
						dst.Reset()
						compress(&dst, text)
						size += dst.Len()
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
				b.ReportMetric(float64(size)/float64(len(events)), "wire-B/event")
			})
		}
		measure("ours", func(dst *bytes.Buffer, text []byte) { dst.Write(Append(dst.AvailableBuffer(), text)) })
		for _, level := range []int{1, 3, 6} {
			w, err := flate.NewWriter(nil, level)
			if err != nil {
				b.Fatal(err)
			}
			measure(fmt.Sprint("library-", level), func(dst *bytes.Buffer, text []byte) {
				w.Reset(dst)
				_, _ = w.Write(text)
				_ = w.Flush()
			})
		}
	}
}
