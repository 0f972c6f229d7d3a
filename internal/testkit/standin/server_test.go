package standin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func startLoki(t *testing.T) (*Loki, string) {
	t.Helper()
	loki := NewLoki()
	url, err := loki.Start("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, loki.Close()) })
	return loki, url
}

func push1(t *testing.T, url, line string) (*http.Response, error) {
	t.Helper()
	body := fmt.Sprintf(`{"streams":[{"stream":{"a":"b"},"values":[["%d","%s"]]}]}`, time.Now().UnixNano(), line)
	answer, err := http.Post(url+LokiPushPath, "application/json", strings.NewReader(body))
	if err == nil {
		answer.Body.Close()
	}
	return answer, err
}

func TestFault(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  Answer
		status int // of the first answer; 0: none came
		stored int // after the first request
	}{
		{"nothing", Answer{}, 204, 1},
		{"refusal", Answer{Status: 503, Header: http.Header{"Retry-After": {"7"}}, Body: "later"}, 503, 0},
		{"blocked ingestion", Answer{Status: 260}, 260, 0},
		{"lost acknowledgement", Answer{Status: 502, Stored: true}, 502, 1},
		{"abort", Answer{Abort: true}, 0, 0},
		{"abort after storing", Answer{Abort: true, Stored: true}, 0, 1},
		{"slow", Answer{Delay: 50 * time.Millisecond}, 204, 1},
		{"slow and failing", Answer{Delay: 50 * time.Millisecond, Status: 500}, 500, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			loki, url := startLoki(t)
			loki.SetFault(func(_ *http.Request, n int) *Answer {
				if n > 1 {
					return nil
				}
				return &c.fault
			})
			start := time.Now()
			answer, err := push1(t, url, "first")
			require.GreaterOrEqual(t, time.Since(start), c.fault.Delay)
			if c.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, c.status, answer.StatusCode)
				require.Equal(t, c.fault.Header.Get("Retry-After"), answer.Header.Get("Retry-After"))
			}
			require.Len(t, loki.Entries(), c.stored)

			answer, err = push1(t, url, "second")
			require.NoError(t, err)
			require.Equal(t, http.StatusNoContent, answer.StatusCode)
			require.Len(t, loki.Entries(), c.stored+1)
			require.Equal(t, 2, loki.Requests(LokiPushPath))
			statuses := map[int]int{http.StatusNoContent: 1}
			statuses[c.status]++
			require.Equal(t, statuses, loki.Statuses())
		})
	}
}

func TestServerComesBack(t *testing.T) {
	loki := NewLoki()
	require.NoError(t, loki.Close(), "before Start")
	url, err := loki.Start("127.0.0.1:0")
	require.NoError(t, err)
	_, err = push1(t, url, "before")
	require.NoError(t, err)

	loki.SetFault(func(*http.Request, int) *Answer { return &Answer{Delay: time.Hour} })
	held := make(chan error)
	go func() { _, err := push1(t, url, "held"); held <- err }()
	require.Eventually(t, func() bool { return loki.Requests(LokiPushPath) == 2 }, 5*time.Second, time.Millisecond)
	require.NoError(t, loki.Close())
	require.NoError(t, loki.Close(), "twice")
	require.Error(t, <-held)
	_, err = push1(t, url, "while down")
	require.Error(t, err)

	loki.SetFault(nil)
	_, err = loki.Start(strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer loki.Close()
	answer, err := push1(t, url, "after")
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	var lines []string
	for _, entry := range loki.Entries() {
		lines = append(lines, entry.Line)
	}
	require.Equal(t, []string{"before", "after"}, lines)
}

func TestStartListensOnLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "127.0.0.1"} {
		_, err := NewDatadog("key").Start(addr)
		require.Error(t, err, addr)
	}
}
