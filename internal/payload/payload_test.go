package payload

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

var codecs = map[string]Codec{"gzip": Gzip, "snappy": Snappy, "zstd": Zstd, "none": None}

// decode reads what went over the wire with other libraries than those that
// wrote it, where there are any.
func decode(t *testing.T, codec string, wire []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(wire)
	var err error
	switch codec {
	case "gzip":
		r, err = stdgzip.NewReader(r)
	case "snappy":
		wire, err = snappy.Decode(nil, wire)
		r = bytes.NewReader(wire)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}

func format(codec Codec) *Format {
	return &Format{
		Name:      "test",
		Head:      func(dst []byte, stream string, size int) []byte { return fmt.Appendf(dst, "%s %d[", stream, size) },
		Separator: ",", Tail: "]",
		MaxBytes: math.MaxInt, MaxRecords: math.MaxInt,
		Codec: codec,
	}
}

// texts are n different records of up to size bytes.
func texts(n, size int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"n":%d,"id":"%x","text":"%s"}`, i, random.Uint64(), strings.Repeat("so it is ", random.IntN(size/9+1)))
	}
	return all
}

// inStreams is a request of texts; each stream has as many of them in a row.
func inStreams(f *Format, all []string, streams int) *Request {
	return f.Build(func(b *Builder) {
		for i, text := range all {
			b.Stream(fmt.Sprintf("s%d", i*streams/len(all)))
			b.End(append(b.Begin(), text...), Record{At: int64(i) * 1e9, Text: uint32(len(text)), Position: uint32(i), Flags: uint8(i)})
		}
	})
}

// sent is the payloads of a batch from lo to hi, before and on the wire.
func sent(t *testing.T, b *Cursor, codec string, lo, hi int) (payloads []string) {
	t.Helper()
	for lo < hi {
		var p Payload
		next, err := b.NextPayload(&p, lo, hi)
		require.NoError(t, err)
		require.Greater(t, next, lo)
		plain, err := p.AppendPlain(nil)
		require.NoError(t, err)
		require.Len(t, plain, p.Size())
		var wire bytes.Buffer
		require.NoError(t, p.WriteTo(&wire))
		require.Equal(t, string(plain), decode(t, codec, wire.Bytes()))
		payloads, lo = append(payloads, string(plain)), next
	}
	return payloads
}

// want is a payload of the records, of one stream.
func want(stream string, all []string) string {
	records := strings.Join(all, ",")
	return fmt.Sprintf("%s %d[%s]", stream, len(records), records)
}

func TestPayloadsAreReadByOthers(t *testing.T) {
	for name, codec := range codecs {
		f := format(codec)
		few, many := texts(3, 100), texts(2000, 2000)
		b := NewCursor(inStreams(f, few, 1))
		require.Equal(t, []string{want("s0", few)}, sent(t, b, name, 0, 3), name)

		b = NewCursor(inStreams(f, many, 1))
		require.Equal(t, []string{want("s0", many)}, sent(t, b, name, 0, 2000), name)
		require.Equal(t, []string{want("s0", many[1:1999])}, sent(t, b, name, 1, 1999), "%s: not whole blocks", name)
		require.Equal(t, []string{want("s0", many[77:78])}, sent(t, b, name, 77, 78), name)

		b = NewCursor(inStreams(f, many, 2))
		require.Equal(t, []string{want("s0", many[:1000]), want("s1", many[1000:])}, sent(t, b, name, 0, 2000), "%s: a payload is of one stream", name)
	}
}

func TestPayloadsAreWithinTheLimits(t *testing.T) {
	all := texts(1500, 1000)
	for _, limit := range []int{1, 3000, 100_000, 300_000} {
		f := format(Gzip)
		f.MaxBytes = limit
		payloads := sent(t, NewCursor(inStreams(f, all, 1)), "gzip", 0, len(all))
		var joined []string
		for _, payload := range payloads {
			_, records, _ := strings.Cut(strings.TrimSuffix(payload, "]"), "[")
			joined = append(joined, records)
			require.True(t, len(payload) <= limit || !strings.Contains(records, `},{`), "one record alone may be over the limit")
		}
		require.Equal(t, strings.Join(all, ","), strings.Join(joined, ","))
	}
	f := format(Gzip)
	f.MaxRecords = 70
	require.InDelta(t, 12, len(sent(t, NewCursor(inStreams(f, all[:700], 1)), "gzip", 0, 700)), 2)
}

// Records of a stream come together, whenever they came.
func TestStreamsAreSortedOut(t *testing.T) {
	f := format(Gzip)
	all := texts(6, 10)
	r := inStreams(f, all, 3)
	_, err := r.MergeSplit(t.Context(), 0, items, inStreams(f, all, 3))
	require.NoError(t, err)
	require.Equal(t, []string{
		want("s0", []string{all[0], all[1], all[0], all[1]}),
		want("s1", []string{all[2], all[3], all[2], all[3]}),
		want("s2", []string{all[4], all[5], all[4], all[5]}),
	}, sent(t, NewCursor(r), "gzip", 0, 12))
}

// A payload that is used again holds nothing of the records it was of.
func TestReleaseLetsGoOfAllRecords(t *testing.T) {
	b := NewCursor(inStreams(format(Gzip), texts(1000, 2000), 1))
	p := new(Payload)
	for _, n := range []int{1000, 10} {
		_, err := b.NextPayload(p, 0, n)
		require.NoError(t, err)
	}
	p.Release()
	for _, x := range p.parts[:cap(p.parts)] {
		require.True(t, x.block == nil) //nolint:testifylint // else it would print the block
	}
}

func TestJoinSums(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	text := make([]byte, 100_000)
	for i := range text {
		text[i] = byte(random.Uint32())
	}
	for range 1000 {
		lo := random.IntN(len(text))
		hi := lo + random.IntN(len(text)-lo+1)
		cut := lo + random.IntN(hi-lo+1)
		require.Equal(t, crc32.ChecksumIEEE(text[lo:hi]),
			joinSums(crc32.ChecksumIEEE(text[lo:cut]), crc32.ChecksumIEEE(text[cut:hi]), hi-cut))
	}
	zeros := make([]byte, 1<<20+3)
	require.Equal(t, crc32.ChecksumIEEE(append([]byte("a"), zeros...)), joinSums(crc32.ChecksumIEEE([]byte("a")), crc32.ChecksumIEEE(zeros), len(zeros)))
}
