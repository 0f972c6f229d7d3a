package stytchmanagementextension

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	apiKey     = "0123456789abcdef0123456789abcdef"
	createBody = `{"destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"` + apiKey + `","site":"US"}}}`
)

func unmaskedDatadog(key, site, status string) string {
	return `{"destination_config":{"datadog":{"api_key":"` + key + `","site":"` + site + `"}},"destination_type":"DATADOG","streaming_status":"` + status + `"}`
}

func maskedDatadogOf(four, site, status string) string {
	return `{"destination_config":{"datadog":{"api_key_last_four":"` + four + `","site":"` + site + `"}},"destination_type":"DATADOG","streaming_status":"` + status + `"}`
}

func TestCycle(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Equal(t, http.StatusNotFound, r.do(t, "GET", base+"/DATADOG", "").StatusCode)
	require.Equal(t, unmaskedDatadog(apiKey, "US", "DISABLED"), r.do(t, "POST", base, createBody).stream(t))
	require.Equal(t, maskedDatadogOf("cdef", "US", "DISABLED"), r.do(t, "GET", base+"/DATADOG", "").stream(t))
	require.Equal(t, http.StatusOK, r.do(t, "POST", base+"/DATADOG/enable", "{}").StatusCode)
	require.Equal(t, maskedDatadogOf("cdef", "US", "ACTIVE"), r.do(t, "GET", base+"/DATADOG", "").stream(t))
	require.Equal(t, unmaskedDatadog("new-key", "EU", "ACTIVE"),
		r.do(t, "PUT", base+"/DATADOG", `{"destination_config":{"datadog":{"api_key":"new-key","site":"EU"}}}`).stream(t))
	require.Equal(t, http.StatusOK, r.do(t, "POST", base+"/DATADOG/disable", "").StatusCode)
	require.Equal(t, http.StatusOK, r.do(t, "DELETE", base+"/DATADOG", "").StatusCode)
	require.Equal(t, http.StatusNotFound, r.do(t, "GET", base+"/DATADOG", "").StatusCode)
	require.Len(t, r.control.audit(), 5)
}
