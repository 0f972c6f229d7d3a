package datadoglogsexporter

import (
	"bytes"
	"testing"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Each operation is a payload of a thousand different events.
func mixed() *batch {
	var bodies []string
	for _, e := range testdata.Mixed(1000, time.Now()) {
		bodies = append(bodies, e.JSON)
	}
	return batchOf(logs(bodies...))
}

func benchmark(b *testing.B, batch *batch, compress func(*bytes.Buffer, []byte) error) {
	payload, n := batch.Append(nil, 0, batch.Len())
	var wire bytes.Buffer
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		payload, _ = batch.Append(payload[:0], 0, n)
		if compress != nil {
			wire.Reset()
			if err := compress(&wire, payload); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
}

func BenchmarkEncode(b *testing.B)     { benchmark(b, mixed(), nil) }
func BenchmarkEncodeGzip(b *testing.B) { benchmark(b, mixed(), httpsend.Gzip) }
func BenchmarkEncodeZstd(b *testing.B) { benchmark(b, mixed(), httpsend.Zstd) }

// What is no event takes the way of the messages.
func BenchmarkEncodeMessage(b *testing.B) {
	ld := logs(slicesRepeat("a line of another pipeline", 1000)...)
	for _, lr := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		lr.SetSeverityNumber(9)
		lr.Attributes().PutStr("log.file.name", "app.log")
		lr.Attributes().PutInt("line", 7)
	}
	benchmark(b, batchOf(ld), nil)
}
