package inflate

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

func zlibbed(t testing.TB, plain []byte, level int) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := zlib.NewWriterLevel(&packed, level)
	require.NoError(t, err)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

// Both streams that go by the name deflate are taken, at each level and so with
// each second byte that a zlib header has.
func TestDeflate(t *testing.T) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		for _, plain := range plains() {
			for _, packed := range [][]byte{zlibbed(t, plain, level), deflated(plain, level, 1)} {
				out, err := Deflate([]byte("before"), packed, len(plain))
				require.NoError(t, err)
				require.Equal(t, "before"+string(plain), string(out))
				if len(plain) > 0 {
					_, err = Deflate(nil, packed, len(plain)-1)
					require.ErrorIs(t, err, ErrTooLarge)
				}
			}
		}
	}
}

func TestDeflateRefusals(t *testing.T) {
	packed := zlibbed(t, []byte("hello, hello, hello"), flate.DefaultCompression)
	wrong := bytes.Clone(packed)
	wrong[len(wrong)-1] ^= 1
	for name, tc := range map[string]struct {
		src  []byte
		want error
	}{
		"no input":        {nil, io.ErrUnexpectedEOF},
		"one byte":        {packed[:1], io.ErrUnexpectedEOF},
		"a header alone":  {packed[:2], io.ErrUnexpectedEOF},
		"cut short":       {packed[:10], io.ErrUnexpectedEOF},
		"no checksum":     {packed[:len(packed)-4], io.ErrUnexpectedEOF},
		"half a checksum": {packed[:len(packed)-2], io.ErrUnexpectedEOF},
		"wrong checksum":  {wrong, zlib.ErrChecksum},
	} {
		_, err := Deflate(nil, tc.src, 1000)
		require.ErrorIs(t, err, tc.want, name)
	}
}

// A raw stream can begin with the bytes of a zlib header: with a stored block
// whose padding is not zero. Here those are also its length, 0x9c bytes.
func TestRawStreamThatBeginsAsZlib(t *testing.T) {
	plain := bytes.Repeat([]byte("x"), 0x9c)
	raw := append([]byte{0x78, 0x9c, 0x00, 0x63, 0xff}, plain...)
	raw = append(raw, 0x03, 0x00) // the last block, which is empty
	require.True(t, zlibBegins(raw))
	out, err := Deflate(nil, raw, 1000)
	require.NoError(t, err)
	require.Equal(t, plain, out)
}

// FuzzDeflate compares with compress/zlib and compress/flate.
func FuzzDeflate(f *testing.F) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		event := []byte(testdata.Events()[max(level, 0)].JSON)
		f.Add(zlibbed(f, event, level))
		f.Add(deflated(event, level, 1))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var want []byte
		reader, wantErr := zlib.NewReader(bytes.NewReader(src))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(reader, fuzzLimit+1))
		}
		if wantErr != nil {
			want, wantErr = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(src)), fuzzLimit+1))
		}
		out, err := Deflate(nil, src, fuzzLimit)
		if len(want) > fuzzLimit {
			require.ErrorIs(t, err, ErrTooLarge)
			return
		}
		require.Equal(t, wantErr == nil, err == nil, "want %v, got %v", wantErr, err)
		if err == nil {
			require.True(t, bytes.Equal(want, out))
		}
	})
}
