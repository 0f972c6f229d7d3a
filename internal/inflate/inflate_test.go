package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// plains are inputs that compressors make all kinds of blocks from.
func plains() [][]byte {
	random := rand.New(rand.NewPCG(7, 7))
	noise := make([]byte, 100_000) // does not compress
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	var skewed []byte // has codes of 15 bits
	for i, n := 0, 1; i < 24; i, n = i+1, n+n*2/3+1 {
		skewed = append(skewed, bytes.Repeat([]byte{byte(i)}, n)...)
	}
	random.Shuffle(len(skewed), func(i, j int) { skewed[i], skewed[j] = skewed[j], skewed[i] })
	all := [][]byte{
		nil, []byte("a"), noise, skewed,
		bytes.Repeat([]byte(" "), 300_000), // matches of all distances below a word's size
		bytes.Repeat([]byte("abc"), 50_000), bytes.Repeat([]byte("0123456789"), 9_000),
		bytes.Repeat(noise[:window], 3), bytes.Repeat(noise[:window-1], 3), // matches from as far as can be
		push(1, random), push(50, random),
	}
	for _, event := range testdata.Events() {
		all = append(all, []byte(event.JSON))
	}
	return all
}

// deflated returns a raw stream, which is flushed after each of some parts.
func deflated(plain []byte, level, parts int) []byte {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, level)
	if err != nil {
		panic(err)
	}
	for i := range parts {
		w.Write(plain[len(plain)*i/parts : len(plain)*(i+1)/parts]) //nolint:errcheck // into memory
		if parts > 1 {
			w.Flush()
		}
	}
	w.Close()
	return packed.Bytes()
}

// Whatever the level, the flushes and the room, the plain bytes come back, and
// what follows the stream is left alone.
func TestInflate(t *testing.T) {
	for i, plain := range plains() {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 3, 6, 9} {
			for _, parts := range []int{1, 5} {
				name := fmt.Sprintf("%d, level %d, %d parts", i, level, parts)
				packed := deflated(plain, level, parts)
				for _, room := range []int{0, 300, len(plain), len(plain) + 1000} {
					dst := append(make([]byte, 0, 3+room), "dst"...)
					out, consumed, err := Inflate(dst, append(packed, "next"...), len(plain))
					require.NoError(t, err, name)
					require.Equal(t, len(packed), consumed, name)
					require.True(t, bytes.Equal(append([]byte("dst"), plain...), out), name)
				}
				if len(plain) > 0 {
					_, _, err := Inflate(make([]byte, 0, len(plain)), packed, len(plain)-1)
					require.ErrorIs(t, err, ErrTooLarge, name)
				}
			}
		}
	}
}

// A stream that was cut returns what it still says, wherever it was cut.
func TestCut(t *testing.T) {
	plain := push(3, rand.New(rand.NewPCG(1, 1)))
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6} {
		packed := deflated(plain, level, 3)
		for i := range packed {
			out, _, err := Inflate(nil, slices.Clone(packed[:i]), len(plain))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.True(t, bytes.HasPrefix(plain, out))
		}
		open := bytes.TrimSuffix(packed, []byte("\x01\x00\x00\xff\xff")) // flushed, not closed
		out, _, err := Inflate(nil, open, len(plain))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, string(plain), string(out))
	}
	header := []byte("\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\x00\x02\x00exname\x00comment\x00") // all fields
	sum := crc32.ChecksumIEEE(header)
	packed := append(append(header, byte(sum), byte(sum>>8)), gzipped(plain, 6)[10:]...)
	out, err := Gunzip(nil, packed, len(plain))
	require.NoError(t, err)
	require.Equal(t, string(plain), string(out))
	for i := range packed {
		want := io.ErrUnexpectedEOF
		if i == 0 {
			want = io.EOF
		}
		_, err := Gunzip(nil, packed[:i], len(plain))
		require.ErrorIs(t, err, want)
	}
}

func TestGunzipMembers(t *testing.T) {
	member := func(header gzip.Header, plain string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Header = header
		io.WriteString(w, plain) //nolint:errcheck // into memory
		w.Close()
		return b.String()
	}
	bare := member(gzip.Header{}, "bare")
	full := member(gzip.Header{Extra: make([]byte, 300), Name: "name", Comment: "comment", OS: 3}, "full")
	head := bare[:3] + "\x02" + bare[4:10]
	sum := crc32.ChecksumIEEE([]byte(head))
	withCRC := head + string([]byte{byte(sum), byte(sum >> 8)}) + bare[10:]
	wrongCRC := head + string([]byte{byte(sum) ^ 1, byte(sum >> 8)}) + bare[10:]
	long := strings.Repeat("n", maxText)
	for name, tc := range map[string]struct {
		src, out string
		err      error
	}{
		"none":                {"", "", io.EOF},
		"one":                 {bare, "bare", nil},
		"all fields":          {full, "full", nil},
		"members":             {bare + full + bare, "barefullbare", nil},
		"empty member":        {member(gzip.Header{}, "") + bare, "bare", nil},
		"other bytes follow":  {bare + "0123456789", "bare", gzip.ErrHeader},
		"zeros follow":        {bare + strings.Repeat("\x00", 10), "bare", gzip.ErrHeader},
		"few bytes follow":    {bare + "\x00", "bare", io.ErrUnexpectedEOF},
		"not gzip":            {"0123456789", "", gzip.ErrHeader},
		"reserved flag":       {bare[:3] + "\x20" + bare[4:], "", gzip.ErrHeader},
		"header's CRC":        {withCRC, "bare", nil},
		"wrong header's CRC":  {wrongCRC, "", gzip.ErrHeader},
		"longest name":        {member(gzip.Header{Name: long[1:]}, "x"), "x", nil},
		"name too long":       {member(gzip.Header{Name: long}, "x"), "", gzip.ErrHeader},
		"wrong CRC":           {bare[:len(bare)-8] + "\x00" + bare[len(bare)-7:], "bare", gzip.ErrChecksum},
		"wrong size":          {bare[:len(bare)-1] + "\x01", "bare", gzip.ErrChecksum},
		"match before member": {bare + bare[:10] + "\x03\x02\x00" + strings.Repeat("\x00", 8), "bare", flate.CorruptInputError(2)},
	} {
		out, err := Gunzip(nil, []byte(tc.src), 100)
		if _, ok := tc.err.(flate.CorruptInputError); ok { //nolint:errorlint // of the table, not wrapped
			var corrupt flate.CorruptInputError
			require.ErrorAs(t, err, &corrupt, name)
		} else {
			require.ErrorIs(t, err, tc.err, name)
		}
		require.Equal(t, tc.out, string(out), name)
	}
}

// What a stream tells of its size is not believed, and one that is too large
// costs no more than the limit.
func TestMemory(t *testing.T) {
	const limit = 8 << 20
	honest := gzipped(bytes.Repeat([]byte(" "), limit/2), 6)
	bomb := gzipped(bytes.Repeat([]byte(" "), 4*limit), 6)
	liar := append(bytes.Clone(honest[:len(honest)-4]), "\xff\xff\xff\xff"...)
	modest := append(bytes.Clone(bomb[:len(bomb)-4]), "\x01\x00\x00\x00"...)
	for name, tc := range map[string]struct {
		src   []byte
		limit int
		most  int
		err   error
	}{
		"honest":       {honest, limit, limit / 2, nil},
		"bomb":         {bomb, limit, limit, ErrTooLarge},
		"bombs":        {bytes.Repeat(honest, 4), limit, limit, ErrTooLarge},
		"liar":         {liar, limit, limit, gzip.ErrChecksum},
		"modest":       {modest, limit, limit, ErrTooLarge},
		"small":        {gzipped([]byte("{}"), 6), limit, 64, nil},
		"small liar":   {append(gzipped([]byte("{}"), 6), "\xff\xff\xff\xff"...), limit, 30 * MaxRatio, io.ErrUnexpectedEOF},
		"limit of 0":   {bomb, 0, 0, ErrTooLarge},
		"limit below":  {bomb, -1, 0, ErrTooLarge},
		"empty, and 0": {gzipped(nil, 6), 0, 0, nil},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Gunzip(nil, tc.src, tc.limit)
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, tc.err, name)
		const more = 12*window + 64<<10 // the windows of the pieces, and a decoder
		require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(tc.most+more), name)
	}
	plain := push(10, rand.New(rand.NewPCG(1, 1)))
	packed, dst := gzipped(plain, 6), make([]byte, len(plain))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if out, err := Gunzip(dst[:0], packed, len(plain)); err != nil || len(out) != len(plain) {
			t.Error(err)
		}
	}))
}
