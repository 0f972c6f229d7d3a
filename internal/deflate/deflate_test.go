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
		var library bytes.Buffer
		w, err := flate.NewWriter(&library, 1)
		require.NoError(t, err)
		_, err = w.Write(text)
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		require.LessOrEqual(t, len(compressed)-6, library.Len()*11/10, "%s: a tenth longer than the library's at most", name)
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

func FuzzDeflate(f *testing.F) {
	f.Add([]byte("so it is, so it was, so it will be"), uint16(1))
	f.Add([]byte(strings.Join(records(5, 100), ",")), uint16(700))
	f.Fuzz(func(t *testing.T, text []byte, times uint16) {
		text = bytes.Repeat(text, int(times)%2000)
		text = text[:min(len(text), 1<<20)]
		requireInflates(t, text, Append(nil, text))
	})
}
