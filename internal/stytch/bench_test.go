package stytch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/jsonscan"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// BenchmarkRead is what it costs to read an event of a Loki push: out of its
// quotes, and the scan; by the index of its quotes, and without one. It reads
// some 1,900 events of many kinds, which no branch predictor knows by heart.
func BenchmarkRead(b *testing.B) {
	var texts []string
	var quoted [][]byte
	var indexes []jsonscan.QuoteIndex
	for _, e := range testdata.Mixed(3000, testdata.Instant) {
		if strings.HasPrefix(e.Name, "odd-") || strings.HasPrefix(e.Name, "reserved-") {
			continue
		}
		q := jsonscan.AppendQuoted(nil, e.JSON)
		_, index, _, err := jsonscan.AppendIndexed(nil, make(jsonscan.QuoteIndex, 0, len(q)), q, 0)
		require.NoError(b, err)
		texts, quoted, indexes = append(texts, e.JSON), append(quoted, q), append(indexes, index)
	}
	var (
		buf   []byte
		index = make(jsonscan.QuoteIndex, 0, 1000)
		event Event
	)
	for _, bm := range []struct {
		name string
		read func(i int) error
	}{
		{"unquote", func(i int) (err error) {
			buf, _, err = jsonscan.AppendString(buf[:0], quoted[i], 0)
			return err
		}},
		{"unquote-indexed", func(i int) (err error) {
			buf, index, _, err = jsonscan.AppendIndexed(buf[:0], index[:0], quoted[i], 0)
			return err
		}},
		{"scan", func(i int) error { return event.Scan(texts[i], nil) }},
		{"scan-indexed", func(i int) error { return event.ScanIndexed(texts[i], indexes[i], nil) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				for i := range texts {
					if err := bm.read(i); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(texts)), "ns/event")
		})
	}
}
