package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// records are n different texts of up to size bytes.
func records(n, size int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"n":%d,"id":"%x","text":"%s"}`, i, random.Uint64(), strings.Repeat("so it is ", random.IntN(size/9+1)))
	}
	return all
}

// requireInflates reads compressed with another library, once it has an end.
func requireInflates(t *testing.T, want, compressed []byte) {
	t.Helper()
	got, err := io.ReadAll(flate.NewReader(bytes.NewReader(append(bytes.Clone(compressed), Final...))))
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
}

func TestDeflate(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	few := make([]byte, 300_000) // of a code with very different lengths
	for i := range few {
		few[i] = byte(random.ExpFloat64() * 5)
	}
	for name, text := range map[string][]byte{
		"nothing":          nil,
		"a byte":           {'a'},
		"two bytes":        {0, 255},
		"one byte, often":  bytes.Repeat([]byte{'a'}, 1_000_000),
		"noise":            noise,
		"few bytes":        few,
		"noise, repeated":  bytes.Repeat(noise[:20_000], 9),
		"noise, far apart": bytes.Repeat(noise[:100_000], 3),
		"records":          []byte(strings.Join(records(2000, 900), ",")),
	} {
		compressed := Append([]byte("before"), text)
		require.Equal(t, "before", string(compressed[:6]), name)
		requireInflates(t, text, compressed[6:])
		require.LessOrEqual(t, len(compressed)-6, len(text)+5*(len(text)/maxStored+8), "%s: no longer than it is", name)
	}
}

// Matches of every length, and of distances with every number of extra bits.
func TestDeflateMatches(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	var text []byte
	for distance := 1; distance < maxDistance; distance += 1 + distance/3 {
		for length := 1; length < 2*maxMatch+10; length += 1 + random.IntN(3) {
			for range distance {
				text = append(text, byte(random.Uint32()))
			}
			from := len(text) - distance
			for i := range length {
				text = append(text, text[from+i])
			}
			if len(text) > 100_000 {
				requireInflates(t, text, Append(nil, text))
				text = text[:0]
			}
		}
	}
}

// Codes are as short as Huffman's where the limit allows, and complete.
func TestLengths(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	fibonacci := []uint32{1, 1}
	for len(fibonacci) < 30 {
		fibonacci = append(fibonacci, fibonacci[len(fibonacci)-1]+fibonacci[len(fibonacci)-2])
	}
	for _, limit := range []int{7, 15} {
		for n := 2; n <= 19; n++ {
			for range 50 {
				counts := make([]uint32, 286)
				for i := range n {
					counts[random.IntN(len(counts))] = fibonacci[i+random.IntN(11)]
				}
				codes := make([]code, len(counts))
				lengths(codes, counts, limit, make([]uint64, maxSymbols))
				sum, used := 0, 0
				for i, c := range codes {
					require.Equal(t, counts[i] > 0, c.size > 0)
					require.LessOrEqual(t, int(c.size), limit)
					if c.size > 0 {
						sum += 1 << (limit - int(c.size))
						used++
					}
				}
				if used > 1 {
					require.Equal(t, 1<<limit, sum)
				}
			}
		}
	}
	codes := make([]code, 4)
	lengths(codes, []uint32{10, 1, 3, 2}, 15, make([]uint64, maxSymbols))
	require.Equal(t, []uint8{1, 3, 2, 3}, []uint8{codes[0].size, codes[1].size, codes[2].size, codes[3].size})
}

func FuzzDeflate(f *testing.F) {
	f.Add([]byte("so it is, so it was, so it will be"), uint16(1))
	f.Add([]byte(strings.Join(records(5, 100), ",")), uint16(700))
	f.Fuzz(func(t *testing.T, text []byte, times uint16) {
		text = bytes.Repeat(text, int(times)%2000)
		text = text[:min(len(text), 1<<20)]
		requireInflates(t, text, Append(nil, text))
	})
}
