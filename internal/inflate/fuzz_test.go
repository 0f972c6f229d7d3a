package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const fuzzLimit = 64 << 10

// requireInflate compares with compress/flate: the same streams are valid, they
// end at the same byte, and say the same. More input than a stream needs must
// not matter, though it lets literals be paired.
func requireInflate(t *testing.T, src []byte, room int) {
	t.Helper()
	for _, more := range []int{0, pairFrom} {
		src := append(bytes.Clone(src), make([]byte, more)...)
		reader := bytes.NewReader(src)
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(reader), fuzzLimit+1))
		out, consumed, err := Inflate(make([]byte, 0, room), src, fuzzLimit)
		if len(want) > fuzzLimit {
			require.ErrorIs(t, err, ErrTooLarge)
			continue
		}
		require.Equal(t, wantErr == nil, err == nil, "want %v, got %v", wantErr, err)
		if err == nil {
			require.Equal(t, len(src)-reader.Len(), consumed)
			require.True(t, bytes.Equal(want, out))
		}
	}
}

func FuzzInflate(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 3))
	f.Add([]byte{}, uint16(0))
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		event := testdata.Events()[max(level, 0)].JSON
		f.Add(deflated([]byte(event), level, 1), uint16(2000))
		f.Add(deflated([]byte(event), level, 2), uint16(len(event)))
		f.Add(deflated(push(3, random), level, 3), uint16(100))
	}
	f.Fuzz(func(t *testing.T, src []byte, room uint16) {
		requireInflate(t, src, int(room))
	})
}

// FuzzGunzip compares with compress/gzip, but for reserved flags.
func FuzzGunzip(f *testing.F) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		event := gzipped([]byte(testdata.Events()[max(level, 0)].JSON), level)
		f.Add(event)
		f.Add(append(event, gzipped([]byte("{}"), level)...))
		f.Add(append(event, "and more"...))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var want []byte
		reader, wantErr := gzip.NewReader(bytes.NewReader(src))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(reader, fuzzLimit+1))
		}
		out, err := Gunzip(nil, src, fuzzLimit)
		switch {
		case len(want) > fuzzLimit:
			require.ErrorIs(t, err, ErrTooLarge)
		case errors.Is(err, gzip.ErrHeader) && wantErr == nil: // flags that are reserved
			reader, err := kgzip.NewReader(bytes.NewReader(src))
			if err == nil {
				_, err = io.Copy(io.Discard, reader)
			}
			require.ErrorIs(t, err, gzip.ErrHeader)
		default:
			require.Equal(t, wantErr == nil, err == nil, "want %v, got %v", wantErr, err)
			require.True(t, err != nil || bytes.Equal(want, out))
		}
	})
}

// bitWriter writes as RFC 1951 packs: the lowest bit first.
type bitWriter struct {
	bytes []byte
	n     int
}

func (w *bitWriter) write(bits, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.bytes = append(w.bytes, 0)
		}
		w.bytes[w.n/8] |= byte(bits>>i&1) << (w.n % 8)
		w.n++
	}
}

// randomCode returns the lengths of a code for some of n symbols; now and then
// it is no code.
func randomCode(random *rand.Rand, n int) []int {
	leaves := []int{0}
	for used := 1 + random.IntN(n); len(leaves) < used; {
		i := random.IntN(len(leaves))
		if random.IntN(3) > 0 { // deep rather than wide
			i = len(leaves) - 1
		}
		if leaves[i] < maxCode {
			leaves[i]++
			leaves = append(leaves, leaves[i])
		}
	}
	lengths := make([]int, n)
	for i, symbol := range random.Perm(n)[:len(leaves)] {
		lengths[symbol] = leaves[i]
	}
	switch random.IntN(12) {
	case 0:
		lengths[random.IntN(n)] = random.IntN(maxCode + 1)
	case 1:
		clear(lengths)
		lengths[random.IntN(n)] = random.IntN(3)
	}
	return lengths
}

// Codes that no compressor makes, and some that are none, before noise.
func TestRandomCodes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	valid := 0
	for range 6_000 {
		var w bitWriter
		for last := 0; last == 0; {
			last = min(1, random.IntN(4))
			lits, dists := 257+random.IntN(31), 1+random.IntN(32)
			if random.IntN(20) > 0 {
				lits, dists = min(lits, 286), min(dists, 30)
			}
			w.write(last|2<<1, 3)
			w.write(lits-257, 5)
			w.write(dists-1, 5)
			w.write(19-4, 4)
			for _, symbol := range lengthOrder { // four bits for each length, none that repeats
				w.write(map[bool]int{symbol <= maxCode: 4}[true], 3)
			}
			for _, length := range append(randomCode(random, lits), randomCode(random, dists)...) {
				for i := 3; i >= 0; i-- {
					w.write(length>>i, 1)
				}
			}
			for range random.IntN(40) {
				w.write(int(random.Uint32()), 32)
			}
		}
		_, _, err := Inflate(nil, w.bytes, fuzzLimit)
		if err == nil {
			valid++
		}
		requireInflate(t, w.bytes, random.IntN(3000))
	}
	require.Greater(t, valid, 200)
}

// Lengths of codes that cannot be, behind a code for lengths of one or two bits.
func TestBadLengths(t *testing.T) {
	for name, tc := range map[string]struct {
		codes  map[uint8]int // lengths of the codes for lengths
		lists  string        // bits
		errors bool
	}{
		"repeats nothing":    {map[uint8]int{16: 1, 8: 1}, "1" + "00" + strings.Repeat("0", 300), true},
		"repeats too often":  {map[uint8]int{18: 1, 8: 1}, "1" + "1111111" + "1" + "1111111", true},
		"not among the code": {map[uint8]int{8: 1}, "1", true},
		"no code":            {nil, "0", true},
		// No literals, one bit for the end of the block and each of two distances; the end.
		"valid": {map[uint8]int{18: 1, 1: 1}, "1" + "1111111" + "1" + "1101011" + "0" + "00" + "0", false},
	} {
		var w bitWriter
		w.write(1|2<<1, 3)
		w.write(0, 5)
		w.write(1, 5)
		w.write(19-4, 4)
		for _, symbol := range lengthOrder {
			w.write(tc.codes[symbol], 3)
		}
		for _, bit := range tc.lists {
			w.write(int(bit-'0'), 1)
		}
		w.write(0, 64)
		_, _, err := Inflate(nil, w.bytes, fuzzLimit)
		require.Equal(t, tc.errors, err != nil, "%s: %v", name, err)
		requireInflate(t, w.bytes, 100)
	}
}
