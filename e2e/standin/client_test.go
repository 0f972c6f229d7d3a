package standin

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"
)

func do(t *testing.T, method, url, body string, header map[string]string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range header {
		if value != "-" {
			request.Header.Set(name, value)
		}
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(content)
}

func encodeProtobuf(streams ...push.Stream) []byte {
	plain, err := (&push.PushRequest{Streams: streams}).Marshal()
	if err != nil {
		panic(err)
	}
	return snappy.Encode(nil, plain)
}

func gzipWriter(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zlibWriter(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
func rawWriter(w io.Writer) io.WriteCloser {
	writer, err := flate.NewWriter(w, flate.DefaultCompression)
	if err != nil {
		panic(err)
	}
	return writer
}

func compressed(body string, open func(io.Writer) io.WriteCloser) string {
	var buffer bytes.Buffer
	writer := open(&buffer)
	io.WriteString(writer, body) //nolint:errcheck // into memory
	writer.Close()
	return buffer.String()
}
