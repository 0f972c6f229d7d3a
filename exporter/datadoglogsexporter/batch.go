package datadoglogsexporter

import (
	"cmp"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// Limits of a payload and of an entry:
// https://docs.datadoghq.com/api/latest/logs/#send-logs. Datadog answers 202 to a
// longer entry and cuts it silently.
const (
	maxPayload = 5_000_000 // bytes, before compression
	maxEntries = 1000
	maxEntry   = 1_000_000 // bytes
)

// maxAge is the age from which Datadog answers 202 and shows nothing:
// https://docs.datadoghq.com/logs/log_configuration/processors/?tab=ui#log-date-remapper.
const maxAge = 18 * time.Hour

// Flags of records. A record has at most one.
const (
	flagTruncated uint8 = 1 + iota // the entry was truncated to maxEntry
	flagTooLarge                   // the record was over maxEntry and is dropped
)

// format is the JSON array of a payload.
func (cfg *Config) format() *payload.Format {
	codec, _ := payload.CodecOf(cfg.ClientConfig.Compression) // checked by Validate
	return &payload.Format{
		Name:      "datadog",
		Head:      func(dst []byte, _ string, _ int) []byte { return append(dst, '[') },
		Separator: ",", Tail: "]",
		MaxBytes: maxPayload, MaxRecords: maxEntries,
		Codec: codec,
	}
}

// record is a record that is to be encoded.
type record struct {
	plog.LogRecord
	reserved *reservedFields
	at       pcommon.Timestamp // the record's own time, else when it was observed
	entry    *entry            // memory that the records of a request share
}

// encode returns the entries of ld, in its order.
func (e *datadogExporter) encode(ld plog.Logs) *payload.Request {
	return e.format.Build(func(to *payload.Builder) {
		position, shared := uint32(0), entry{}
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				reserved := e.reserved.of(rl.Resource().Attributes(), sl.Scope().Name() == stytch.ScopeName, e.cfg)
				for _, lr := range sl.LogRecords().All() {
					e.add(to, &record{lr, &reserved, cmp.Or(lr.Timestamp(), lr.ObservedTimestamp()), &shared}, position)
					position++
				}
			}
		}
	})
}

func (e *datadogExporter) add(to *payload.Builder, r *record, position uint32) {
	known := payload.Record{At: int64(min(r.at, math.MaxInt64)), Position: position}
	dst := to.Begin()
	begin := len(dst)
	dst = r.append(dst)
	if len(dst)-begin > maxEntry {
		if e.cfg.Oversize == OversizeDrop {
			dst, known.Flags = dst[:begin], flagTooLarge
		} else {
			dst, known.Flags = truncate(dst, begin), flagTruncated
		}
	}
	to.End(dst, known)
}

// old tells whether a record is too old for Datadog to show it.
func old(x *payload.Record, oldest int64) bool { return x.At != 0 && x.At < oldest }

// filter leaves out, and counts, the records that the configuration drops.
func (e *datadogExporter) filter(r *payload.Request) (*payload.Request, error) {
	var t tally
	oldest := time.Now().Add(-maxAge).UnixNano()
	send, err := r.Without(func(x *payload.Record) bool {
		switch {
		case e.cfg.TooOld == httpsend.TooOldDrop && old(x, oldest):
			t.old++
			t.droppedOld++
		case x.Flags == flagTooLarge:
			t.droppedSize++
			if old(x, oldest) {
				t.old++
			}
		default:
			return false
		}
		return true
	})
	if err == nil {
		e.count(t)
	}
	return send, err
}

func (e *datadogExporter) delivered(records []payload.Record) {
	t := tally{}
	oldest := time.Now().Add(-maxAge).UnixNano()
	for i := range records {
		if records[i].Flags == flagTruncated {
			t.truncated++
		}
		if old(&records[i], oldest) {
			t.old++
		}
	}
	e.count(t)
}
