//go:build e2e

package faults

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOutage promises: a destination that is gone, connections refused, for many times the longest
// interval between attempts costs nothing but waiting. The other one gets everything meanwhile.
func TestOutage(t *testing.T) {
	r := newRig(t)
	address := strings.TrimPrefix(r.options.Env["LOKI_URL"], "http://")
	load := r.load(300)
	require.NoError(t, r.loki.Close())
	time.Sleep(8 * time.Second) // 27 times max_interval: as 13 minutes are to the default of 30 s
	_, err := r.loki.Start(address)
	require.NoError(t, err)
	missing := r.ledger.Missing(r.loki)
	require.Greater(t, missing, 1000, "the outage was one")
	require.Less(t, r.ledger.Missing(r.datadog), missing/2, "Datadog goes on")
	load.Stop()
	require.Empty(t, load.Wrong())
	require.Zero(t, load.Statuses()[http.StatusServiceUnavailable], "the queue has room: the sender notices nothing")
	for at, account := range r.everythingArrives() {
		require.Zero(t, account.SenderRepeats+account.CollectorRepeats, at)
	}
}

// TestHalfOpen promises: a destination that accepts connections and never answers, nor reads, holds
// a request for `timeout` and no longer; once it is well again everything arrives, once.
func TestHalfOpen(t *testing.T) {
	r := newRig(t)
	address := strings.TrimPrefix(r.options.Env["LOKI_URL"], "http://")
	require.NoError(t, r.loki.Close())
	accepted, end := deaf(t, address)
	r.push(200)
	r.until("the timeout of a request", func() bool {
		return r.counter(`otelcol_exporter_loki_request_duration_count{http_response_status_code="0"`) > 0
	})
	require.Positive(t, accepted())
	r.until("arrival at Datadog", func() bool { return r.ledger.Missing(r.datadog) == 0 })
	require.Equal(t, 200, r.ledger.Missing(r.loki))

	end()
	_, err := r.loki.Start(address)
	require.NoError(t, err)
	loki := r.everythingArrives()[r.loki]
	require.Zero(t, loki.SenderRepeats+loki.CollectorRepeats)
}

// deaf accepts connections and leaves them alone until end is called. accepted counts them.
func deaf(t *testing.T, address string) (accepted func() int, end func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	var mu sync.Mutex
	var connections []net.Conn
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			connections = append(connections, connection)
			mu.Unlock()
		}
	}()
	accepted = func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(connections)
	}
	end = func() {
		listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, connection := range connections {
			connection.Close()
		}
	}
	t.Cleanup(end)
	return accepted, end
}
