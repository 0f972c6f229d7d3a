package httpsend

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configcompression"
)

func TestCompression(t *testing.T) {
	decode := map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
		"":     func(r io.Reader) (io.Reader, error) { return r, nil },
	}
	for setting, want := range map[configcompression.Type]string{"gzip": "gzip", "zstd": "zstd", "none": "", "": ""} {
		encoding, encode, known := Compression(setting)
		require.True(t, known)
		require.Equal(t, want, encoding)
		var dst bytes.Buffer
		for _, payload := range []string{"", "a", strings.Repeat("event ", 100_000)} {
			dst.Reset()
			require.NoError(t, encode(&dst, []byte(payload)))
			r, err := decode[encoding](&dst)
			require.NoError(t, err)
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, payload, string(got), setting)
		}
	}
	_, _, known := Compression("snappy")
	require.False(t, known)
}
