package datadoglogsexporter

import (
	"bytes"
	"testing"
	"time"

	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Each operation is a thousand different events, from pdata to what waits in
// the queue.
func mixed() plog.Logs {
	var bodies []string
	for _, e := range testdata.Mixed(1000, time.Now()) {
		bodies = append(bodies, e.JSON)
	}
	return logs(bodies...)
}

func benchmark(b *testing.B, ld plog.Logs, compression configcompression.Type) {
	cfg := createDefaultConfig().(*Config)
	cfg.ClientConfig.Compression = compression
	e := datadogExporter{cfg: cfg, format: cfg.format()}
	n := ld.LogRecordCount()
	var wire bytes.Buffer
	var p payload.Payload
	b.ReportAllocs()
	for b.Loop() {
		wire.Reset()
		if _, err := payload.NewCursor(e.encode(ld)).NextPayload(&p, 0, n); err != nil {
			b.Fatal(err)
		}
		if err := p.WriteTo(&wire); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
	b.ReportMetric(float64(wire.Len())/float64(n), "wire-B/event")
}

func BenchmarkEncode(b *testing.B)     { benchmark(b, mixed(), "none") }
func BenchmarkEncodeGzip(b *testing.B) { benchmark(b, mixed(), "gzip") }
func BenchmarkEncodeZstd(b *testing.B) { benchmark(b, mixed(), "zstd") }

// What is no event takes the way of the messages.
func BenchmarkEncodeMessage(b *testing.B) {
	ld := logs(slicesRepeat("a line of another pipeline", 1000)...)
	for _, lr := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		lr.SetSeverityNumber(9)
		lr.Attributes().PutStr("log.file.name", "app.log")
		lr.Attributes().PutInt("line", 7)
	}
	benchmark(b, ld, "none")
}
