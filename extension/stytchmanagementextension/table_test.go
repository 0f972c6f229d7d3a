package stytchmanagementextension

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// The table is for followers alone: with credentials, over TLS or from this machine.
func TestTableIsPrivate(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.change("POST", base, createBody)
	a := p.leader.do(t, "GET", "/streaming/v1/table", "") // without a connection: from nobody knows where
	require.Equal(t, http.StatusForbidden, a.StatusCode)
	require.Equal(t, "tls_required", a.json["error_type"])
	require.NotContains(t, a.text, apiKey)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: p.clients.Clone()}}
	defer client.CloseIdleConnections()
	get := func(secret, etag string) (*http.Response, string) {
		r, err := http.NewRequest(http.MethodGet, "https://"+p.address+"/streaming/v1/table", nil)
		require.NoError(t, err)
		r.SetBasicAuth(testKeyID, secret)
		if etag != "" {
			r.Header.Set("If-None-Match", etag)
		}
		asked := recordRequest(t, r)
		resp, err := client.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		requireDescribed(t, asked, resp)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		return resp, string(body)
	}
	resp, body := get("wrong", "")
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	require.NotContains(t, body, apiKey)
	resp, body = get(testSecret, "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, body, apiKey)
	etag := resp.Header.Get("ETag")
	for _, known := range []string{etag, "W/" + etag, `"x", ` + etag} {
		resp, body = get(testSecret, known)
		require.Equal(t, http.StatusNotModified, resp.StatusCode)
		require.Empty(t, body)
	}

	p.stopLeader()
	p.startLeader()
	resp, _ = get(testSecret, etag)
	require.Equal(t, http.StatusNotModified, resp.StatusCode, "the same after a restart")
	p.change("POST", base+"/DATADOG/enable", "")
	resp, _ = get(testSecret, etag)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NotEqual(t, etag, resp.Header.Get("ETag"))
}

// FuzzTable finds no table that is half taken: what is decoded is encoded to the same
// streams.
func FuzzTable(f *testing.F) {
	stream := `{"project_id":"` + project + `","destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"` + apiKey + `","site":"US"}},"streaming_status":"ACTIVE"}`
	for _, body := range []string{`{"version":1,"streams":[]}`, `{"version":1,"streams":[` + stream + `]}`, `{"version":2}`, `{`, `{"version":1,"streams":[null]}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		streams, err := decodeTable(body)
		if err != nil {
			return
		}
		encoded, err := new(tableCache).encode(managed.NewTable(streams...))
		require.NoError(t, err)
		again, err := decodeTable([]byte(`{"version":1,"streams":` + string(encoded.streams) + `}`))
		require.NoError(t, err)
		require.Equal(t, managed.NewTable(streams...), managed.NewTable(again...))
	})
}
