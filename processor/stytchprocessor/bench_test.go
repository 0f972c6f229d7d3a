package stytchprocessor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// perRequest is how many events one request of the benchmarks has.
const perRequest = 500

// BenchmarkConsume has new events go by at a full set, or the same request
// again and again. Making the request is not part of it.
func BenchmarkConsume(b *testing.B) {
	for _, c := range []struct {
		name      string
		configure func(*Config)
		again     bool
	}{
		{"off", func(*Config) {}, false},
		{"new", deduplicating, false},
		{"duplicates", deduplicating, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := createDefaultConfig().(*Config)
			c.configure(cfg)
			p, err := createLogs(b.Context(), processortest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, p.Shutdown(context.Background())) })
			round := 0
			consume := func() {
				b.StopTimer()
				if !c.again {
					round++
				}
				ld := bigRequest(round)
				b.StartTimer()
				require.NoError(b, p.ConsumeLogs(b.Context(), ld))
			}
			for range cfg.Deduplicate.GetOrInsertDefault().MaxEvents / perRequest { // a full set
				consume()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				consume()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/perRequest, "ns/event")
		})
	}
}

// BenchmarkSeenSet puts a key into a full set; bytes/event is what it occupies.
func BenchmarkSeenSet(b *testing.B) {
	const limit = 500_000
	before := heap()
	m := seenSet{limit: limit}
	put := func() { m.put(key{rand.Uint64(), rand.Uint64()}, 0) }
	for range limit {
		put()
	}
	bytes := float64(heap() - before)
	for b.Loop() {
		put()
	}
	b.ReportMetric(bytes/limit, "bytes/event")
	runtime.KeepAlive(&m)
}

// bigRequest has the attributes that events have.
func bigRequest(round int) plog.Logs { return requestOf(round, perRequest) }

func requestOf(round, n int) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.EnsureCapacity(n)
	for i := range n {
		attrs := records.AppendEmpty().Attributes()
		attrs.PutStr(stytch.AttrEventID, fmt.Sprintf("event-live-00000000-0000-4000-8000-%012d", round*n+i))
		attrs.PutStr(stytch.AttrAction, "AuthenticateSession")
		attrs.PutStr(stytch.AttrStatus, "Success")
		attrs.PutStr(stytch.AttrRequestID, "request-id-live-00000000-0000-4000-8000-000000000000")
		attrs.PutInt(stytch.AttrStatusCode, 200)
	}
	return ld
}

func BenchmarkRedact(b *testing.B) {
	all := redacting(RedactConfig{"email_address", RedactHash}, RedactConfig{"network_ip_address", RedactMask}, RedactConfig{"phone_number", RedactMask}, RedactConfig{"user_agent", RedactDrop})
	for name, configure := range map[string]func(*Config){
		"hash-mask-drop": all,
		"absent-field":   redacting(RedactConfig{"nickname", RedactDrop}),
	} {
		b.Run(name, func(b *testing.B) {
			cfg := createDefaultConfig().(*Config)
			configure(cfg)
			r := newRedactor(cfg, nil, nil, consumertest.NewNop())
			var texts []string
			for _, e := range testdata.Mixed(1000, testdata.Instant) {
				if !strings.HasPrefix(e.Name, "odd-") {
					texts = append(texts, e.JSON)
				}
			}
			ld := plog.NewLogs()
			records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
			for range texts {
				records.AppendEmpty()
			}
			b.ReportAllocs()
			for b.Loop() {
				for i, text := range texts {
					records.At(i).Body().SetStr(text)
				}
				if dropped, _ := r.redact(ld); dropped != 0 {
					b.Fatal("dropped")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(texts)), "ns/event")
		})
	}
}
