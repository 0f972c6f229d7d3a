package payload

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exporterhelper/xexporterhelper"
)

// Record describes an encoded record.
type Record struct {
	At       int64  // nanoseconds since the epoch; 0 where it has no time
	Size     uint32 // of its encoding, in bytes
	Text     uint32 // of its body, in bytes
	Position uint32 // index in the pdata that it came in; not stored
	Flags    uint8  // of the backend; stored
}

// Request is records on their way through the sending queue.
type Request struct {
	format *Format
	blocks []block
	items  int
	size   int // before compression, in bytes
}

var _ xexporterhelper.RequestErrorHandler = (*Request)(nil)

// ItemsCount returns the number of records.
func (r *Request) ItemsCount() int { return r.items }

// BytesSize returns the size of the encoded records before compression, in bytes.
func (r *Request) BytesSize() int { return r.size }

// Oldest returns the earliest time of a record, or 0 where none has one.
func (r *Request) Oldest() (oldest int64) {
	for i := range r.blocks {
		for k := range r.blocks[i].records {
			if at := r.blocks[i].records[k].At; at != 0 && (oldest == 0 || at < oldest) {
				oldest = at
			}
		}
	}
	return oldest
}

func (r *Request) add(blocks ...block) {
	r.blocks = append(r.blocks, blocks...)
	for i := range blocks {
		r.items += len(blocks[i].records)
		r.size += blocks[i].size
	}
}

// MergeSplit adds the records of other, which may be nil, and returns requests of at
// most maxSize; 0 is no bound. It moves whole blocks: what came together stays
// together, and packed, unless it is larger than maxSize.
//
// It takes r over: r may be changed and be the first of the requests that it returns.
// Their blocks are those of r and other. It fails for a sizer that counts neither
// items nor bytes; r is unchanged then.
func (r *Request) MergeSplit(_ context.Context, maxSize int, sizer exporterhelper.RequestSizerType, other xexporterhelper.Request) ([]xexporterhelper.Request, error) {
	var sizeOf func(*Request) int
	switch sizer {
	case exporterhelper.RequestSizerTypeItems:
		sizeOf = (*Request).ItemsCount
	case exporterhelper.RequestSizerTypeBytes:
		sizeOf = (*Request).BytesSize
	default:
		return nil, fmt.Errorf("a batch is measured in items or bytes, not in %s", sizer.String())
	}
	var more Request
	if other != nil {
		more = *other.(*Request)
	}
	if maxSize == 0 || sizeOf(r)+sizeOf(&more) <= maxSize {
		r.add(more.blocks...)
		return []xexporterhelper.Request{r}, nil
	}
	last := &Request{format: r.format}
	split := []xexporterhelper.Request{last}
	var put func(b block)
	put = func(b block) {
		one := Request{items: len(b.records), size: b.size}
		if sizeOf(&one) > maxSize && one.items > 1 {
			n := one.items / 2
			if sizer == exporterhelper.RequestSizerTypeItems {
				n = maxSize
			}
			if head, tail, err := b.cut(len(r.format.Separator), n); err == nil { // else it cannot be smaller
				put(head)
				put(tail)
				return
			}
		}
		if last.items > 0 && sizeOf(last)+sizeOf(&one) > maxSize {
			last = &Request{format: r.format}
			split = append(split, last)
		}
		last.add(b)
	}
	for _, b := range append(r.blocks, more.blocks...) {
		put(b)
	}
	return split, nil
}

// Without returns the request without the records for which drop is true: r itself
// where there are none. It fails where a block cannot be unpacked.
func (r *Request) Without(drop func(*Record) bool) (*Request, error) {
	var kept []Range
	i := 0
	for n := range r.blocks {
		for k := range r.blocks[n].records {
			if !drop(&r.blocks[n].records[k]) {
				if last := len(kept) - 1; last >= 0 && kept[last].Hi == i {
					kept[last].Hi++
				} else {
					kept = append(kept, Range{i, i + 1})
				}
			}
			i++
		}
	}
	if len(kept) == 1 && kept[0] == (Range{0, i}) {
		return r, nil
	}
	c := &Cursor{format: r.format, blocks: r.blocks, ends: ends(r.blocks)} // in the order of r
	return c.Request(kept)
}

// OnError returns the records to try again after err: the remainder of an Undelivered,
// else r. The result belongs to the caller, and shares its blocks with r.
func (r *Request) OnError(err error) xexporterhelper.Request {
	var undelivered *Undelivered
	if errors.As(err, &undelivered) {
		return undelivered.Remainder
	}
	return r
}

// Undelivered is the error of a push with records to try again. Both fields are set.
type Undelivered struct {
	Err       error
	Remainder *Request
}

func (e *Undelivered) Error() string { return e.Err.Error() }
func (e *Undelivered) Unwrap() error { return e.Err }

// Positions yields the index of each record in the pdata that it came in.
func (r *Request) Positions() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range r.blocks {
			for k := range r.blocks[i].records {
				if !yield(int(r.blocks[i].records[k].Position)) {
					return
				}
			}
		}
	}
}
