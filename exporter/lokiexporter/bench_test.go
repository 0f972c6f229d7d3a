package lokiexporter

import (
	"bytes"
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// BenchmarkEvent is what an event costs from pdata to the bytes of a request:
// a batch of 1,000 with a label and three pairs of structured metadata of its
// own. Allocations are a batch's.
func BenchmarkEvent(b *testing.B) {
	const n = 1000
	ld := plog.NewLogs()
	records := add(ld, "stytch", "stytch.auth", pcommon.NewTimestampFromTime(now))
	size := 0
	for i, e := range testdata.Mixed(n, now) {
		lr := records.AppendEmpty()
		lr.Body().SetStr(e.JSON)
		lr.SetTimestamp(pcommon.NewTimestampFromTime(e.Time))
		lr.Attributes().PutStr("stytch.event_id", fmt.Sprint("event-live-", i))
		lr.Attributes().PutStr("stytch.request_id", fmt.Sprint("request-id-live-", i))
		lr.Attributes().PutStr("stytch.action", "Login")
		lr.Attributes().PutStr("stytch.status", []string{"Start", "Success"}[i%2])
		size += len(e.JSON)
	}
	for _, c := range []struct {
		encoding    Encoding
		compression configcompression.Type
	}{{encodingJSON, "none"}, {encodingJSON, "gzip"}, {encodingProtobuf, "none"}, {encodingProtobuf, "snappy"}} {
		b.Run(fmt.Sprintf("encoding=%s/compression=%s", c.encoding, c.compression), func(b *testing.B) {
			cfg := defaults()
			cfg.Encoding, cfg.ClientConfig.Compression = c.encoding, c.compression
			cfg.Labels = Labels{"status": "stytch.status"}
			cfg.StructuredMetadata = StructuredMetadata{"stytch.event_id", "stytch.request_id", "stytch.action"}
			if c.encoding == encodingProtobuf {
				cfg.ClientConfig.Compression = ""
			}
			w, err := cfg.encoder()
			if err != nil {
				b.Fatal(err)
			}
			if c.compression == "none" {
				w.format.Codec = payload.None
			}
			s := newLabelMapping(cfg)
			var p payload.Payload
			var body bytes.Buffer
			sent := 0
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				batch := payload.NewCursor(w.encode(ld, s, now))
				sent = 0
				for lo := 0; lo < batch.Len(); {
					if lo, err = batch.NextPayload(&p, lo, batch.Len()); err != nil {
						b.Fatal(err)
					}
					body.Reset()
					if err := p.WriteTo(&body); err != nil {
						b.Fatal(err)
					}
					sent += body.Len()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
			b.ReportMetric(float64(sent)/n, "wire-B/event")
		})
	}
}
