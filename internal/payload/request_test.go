package payload

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

var items, bySize = exporterhelper.RequestSizerTypeItems, exporterhelper.RequestSizerTypeBytes

// positions are those of the records of requests, in their order.
func positions(requests ...*Request) (all []int) {
	for _, r := range requests {
		all = append(all, slices.Collect(r.Positions())...)
	}
	return all
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestMergeSplit(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	all := texts(3000, 1000)
	for _, sizer := range []exporterhelper.RequestSizerType{items, bySize} {
		for range 30 {
			f := format(Gzip)
			n, m := random.IntN(1500), random.IntN(1500)
			most := 1 + random.IntN(2000)
			if sizer == bySize {
				most *= 500
			}
			first, second := inStreams(f, all[:n], 1+random.IntN(3)), inStreams(f, all[n:n+m], 1)
			for i := range second.blocks {
				for k := range second.blocks[i].records {
					second.blocks[i].records[k].Position += uint32(n)
				}
			}
			split, err := first.MergeSplit(t.Context(), most, sizer, second)
			require.NoError(t, err)
			require.NotEmpty(t, split)
			var requests []*Request
			for _, x := range split {
				r := x.(*Request)
				requests = append(requests, r)
				size := 0
				for i := range r.blocks {
					size += r.blocks[i].size
				}
				require.Equal(t, size, r.BytesSize())
				require.Len(t, positions(r), r.ItemsCount())
				if sizer == items {
					require.LessOrEqual(t, r.ItemsCount(), most)
				} else if r.ItemsCount() > 1 {
					require.LessOrEqual(t, r.BytesSize(), most)
				}
			}
			require.Equal(t, upTo(n+m), positions(requests...), "nothing is lost, doubled or moved")
		}
	}
	_, err := inStreams(format(Gzip), all[:2], 1).MergeSplit(t.Context(), 1, exporterhelper.RequestSizerTypeRequests, nil)
	require.ErrorContains(t, err, "in items or bytes")
}

// What came together is sent as it was packed.
func TestBatchesOfWholeRequestsStayPacked(t *testing.T) {
	f := format(Gzip)
	batch := inStreams(f, texts(100, 2000), 1)
	for range 9 {
		split, err := batch.MergeSplit(t.Context(), 1000, items, inStreams(f, texts(100, 2000), 1))
		require.NoError(t, err)
		require.Len(t, split, 1)
	}
	split, err := inStreams(f, texts(3000, 2000), 1).MergeSplit(t.Context(), 1000, items, nil)
	require.NoError(t, err)
	require.Len(t, split, 3)
	for _, r := range append(split, batch) {
		require.Equal(t, 1000, r.ItemsCount())
		p := new(Payload)
		_, err := NewCursor(r.(*Request)).NextPayload(p, 0, 1000)
		require.NoError(t, err)
		require.Less(t, len(p.plain), packSize)
	}
}

func TestPartsOfARequest(t *testing.T) {
	for name, codec := range codecs {
		f := format(codec)
		all := texts(500, 2000)
		r := inStreams(f, all, 2)
		without, err := r.Without(func(x *Record) bool { return x.Position%7 == 3 })
		require.NoError(t, err)
		var kept []string
		for _, i := range positions(without) {
			require.NotEqual(t, 3, i%7)
			kept = append(kept, all[i])
		}
		require.Len(t, kept, 500-71)
		require.Equal(t, kept, recordsOf(t, without), name)

		same, err := r.Without(func(*Record) bool { return false })
		require.NoError(t, err)
		require.Same(t, r, same)
		none, err := r.Without(func(*Record) bool { return true })
		require.NoError(t, err)
		require.Zero(t, none.ItemsCount())
		require.Zero(t, NewCursor(none).Len())

		rest, err := NewCursor(r).Request([]Range{{3, 5}, {100, 400}, {499, 500}})
		require.NoError(t, err)
		require.Equal(t, slices.Concat(all[3:5], all[100:400], all[499:]), recordsOf(t, rest), name)
	}
}

// recordsOf is each record by itself.
func recordsOf(t *testing.T, r *Request) (records []string) {
	t.Helper()
	b := NewCursor(r)
	for i := range b.Len() {
		var p Payload
		_, err := b.NextPayload(&p, i, i+1)
		require.NoError(t, err)
		text, err := p.AppendPlain(nil)
		require.NoError(t, err)
		var stream string
		var size int
		_, err = fmt.Sscanf(string(text), "%s %d[", &stream, &size)
		require.NoError(t, err)
		records = append(records, string(text[len(text)-1-size:len(text)-1]))
	}
	return records
}

func TestARequestOfNothing(t *testing.T) {
	r := inStreams(format(Gzip), nil, 1)
	require.Zero(t, r.ItemsCount())
	split, err := r.MergeSplit(t.Context(), 10, items, nil)
	require.NoError(t, err)
	require.Len(t, split, 1)
	require.Zero(t, NewCursor(r).Len())
}

// A record without a stream is in none, whatever was built before.
func TestNoStreamIsCarriedOver(t *testing.T) {
	for range 10 {
		require.Equal(t, []string{want("s0", texts(2, 10))}, sent(t, NewCursor(inStreams(format(Gzip), texts(2, 10), 1)), "gzip", 0, 2))
		r := format(Gzip).Build(func(b *Builder) { b.End(append(b.Begin(), 'x'), Record{}) })
		require.Equal(t, []string{want("", []string{"x"})}, sent(t, NewCursor(r), "gzip", 0, 1))
	}
}
