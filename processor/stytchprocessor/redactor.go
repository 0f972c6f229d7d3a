package stytchprocessor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// redactor hides fields of the events that it hands on. It drops a record whose body is no
// JSON object, since it cannot tell what that holds.
//
// It is safe for concurrent use.
type redactor struct {
	next  consumer.Logs
	count *counters
	// figuresOf returns the figures of the stream that events belong to, or nil. Nil is
	// no function: no stream has figures.
	figuresOf func(plog.ResourceLogs) *managed.Figures
	fields    []redactedField
	lengths   uint64    // bit n is set if a field's name has n bytes, bit 63 if it has more
	editors   sync.Pool // of *editor
}

type redactedField struct {
	name, attribute string
	with            Redaction
}

func newRedactor(cfg *Config, count *counters, figuresOf func(plog.ResourceLogs) *managed.Figures, next consumer.Logs) *redactor {
	r := &redactor{next: next, count: count, figuresOf: figuresOf}
	for _, f := range cfg.Redact {
		r.fields = append(r.fields, redactedField{f.Field, stytch.AttrPrefix + f.Field, f.With})
		r.lengths |= lengthBit(f.Field)
	}
	salt := []byte(cfg.salt())
	r.editors.New = func() any { return &editor{redactor: r, mac: hmac.New(sha256.New, salt)} }
	return r
}

func lengthBit(name string) uint64 { return 1 << min(len(name), 63) }

func (r *redactor) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (r *redactor) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	dropped, figures := r.redact(ld)
	if dropped == 0 || ld.LogRecordCount() > 0 {
		if err := r.next.ConsumeLogs(ctx, ld); err != nil {
			return err
		}
	}
	r.count.unredactable(ctx, dropped)
	for _, f := range figures {
		f.Received(1)
		f.Dropped(managed.ReasonUnredactable, 1)
	}
	return nil
}

// redact returns the number of records that it has removed, and the figures of the
// stream of each that belongs to one.
func (r *redactor) redact(ld plog.Logs) (dropped int, figures []*managed.Figures) {
	e := r.editors.Get().(*editor)
	defer r.editors.Put(e)
	ld.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			sl.LogRecords().RemoveIf(func(lr plog.LogRecord) bool {
				if e.record(lr) {
					return false
				}
				dropped++
				if r.figuresOf != nil {
					if f := r.figuresOf(rl); f != nil {
						figures = append(figures, f)
					}
				}
				return true
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
	return dropped, figures
}

// editor redacts one record after another, with memory that it uses again.
type editor struct {
	*redactor
	mac   hash.Hash
	out   []byte // a redacted text
	value []byte // a decoded string
	sum   []byte
}

// keepText is the largest text whose memory is used again, in bytes.
const keepText = 64 << 10

// record redacts the body and the attributes that were made of a redacted field. It
// returns false, and changes nothing, if the body is no JSON object in valid UTF-8.
func (e *editor) record(lr plog.LogRecord) bool {
	body := lr.Body()
	switch body.Type() {
	case pcommon.ValueTypeStr:
		text, ok := e.text(body.Str())
		if !ok {
			return false
		}
		if text != nil {
			body.SetStr(string(text))
		}
	case pcommon.ValueTypeBytes: // of a receiver that decodes nothing
		text, ok := e.text(string(body.Bytes().AsRaw()))
		if !ok {
			return false
		}
		if text != nil {
			body.SetEmptyBytes().FromRaw(text)
		}
	default:
		return false
	}
	for i := range e.fields {
		e.attribute(lr.Attributes(), &e.fields[i])
	}
	if cap(e.out) > keepText {
		e.out = nil
	}
	return true
}

func (e *editor) attribute(attrs pcommon.Map, f *redactedField) {
	v, found := attrs.Get(f.attribute)
	switch {
	case !found:
	case f.with == RedactDrop:
		attrs.Remove(f.attribute)
	case f.with == RedactHash:
		e.value = append(e.value[:0], v.AsString()...)
		v.SetStr(string(e.appendHash(nil, e.value)))
	case v.Type() == pcommon.ValueTypeStr:
		v.SetStr(mask(v.Str()))
	default:
		v.SetStr(hidden)
	}
}
