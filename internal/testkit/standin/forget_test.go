package standin

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestForget tells what it takes, repeats too, and keeps nothing.
func TestForget(t *testing.T) {
	told := 0
	loki, url := startLoki(t)
	loki.Forget = true
	loki.Tell(func(entries []Entry) { told += len(entries) })
	body := fmt.Sprintf(`{"streams":[{"stream":{"a":"b"},"values":[["%d","line"],["1","too old"]]}]}`, time.Now().UnixNano())
	for range 2 {
		answer, _ := do(t, http.MethodPost, url+LokiPushPath, body, map[string]string{"Content-Type": "application/json"})
		require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	}
	require.Equal(t, 2, told)
	require.Equal(t, 2, loki.Received())
	require.Empty(t, loki.Entries())

	datadog := NewDatadog("key")
	datadog.Forget = true
	datadog.Tell(func(logs []Log) { told += len(logs) })
	url, err := datadog.Start("127.0.0.1:0")
	require.NoError(t, err)
	defer datadog.Close()
	answer, _ := do(t, http.MethodPost, url+DatadogLogsPath, `[{"a":1},{"a":2}]`, map[string]string{"Content-Type": "application/json", "DD-API-KEY": "key"})
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
	require.Equal(t, 4, told)
	require.Empty(t, datadog.Logs())
}
