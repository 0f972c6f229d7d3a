package floor

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

func TestForwardsTheSameBytesAndTheRefusal(t *testing.T) {
	status := http.StatusNoContent
	var got []string
	destination := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain, err := gzip.NewReader(r.Body)
		if err == nil {
			content, _ := io.ReadAll(plain)
			got = append(got, string(content))
		}
		w.WriteHeader(status)
	}))
	defer destination.Close()
	server := httptest.NewServer(Handler(destination.URL))
	defer server.Close()

	post := func(body string) int {
		answer, err := http.Post(server.URL, "application/json", bytes.NewReader(harness.Gzip([]byte(body))))
		require.NoError(t, err)
		answer.Body.Close()
		return answer.StatusCode
	}
	require.Equal(t, http.StatusNoContent, post("one"))
	require.Equal(t, http.StatusNoContent, post("the other"))
	status = http.StatusInternalServerError
	require.Equal(t, http.StatusBadGateway, post("none"))
	require.Equal(t, []string{"one", "the other", "none"}, got)
}
