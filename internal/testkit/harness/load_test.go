package harness

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// TestLoad sends until everything is acknowledged, over refusals and broken connections.
func TestLoad(t *testing.T) {
	loki := standin.NewLoki()
	ledger := NewLedger(loki)
	loki.SetFault(func(_ *http.Request, n int) *standin.Answer {
		return []*standin.Answer{nil, {Status: 503, Header: http.Header{"Retry-After": {"1"}}}, {Abort: true}, {Status: 418, Body: "tea"}}[n%4]
	})
	server := httptest.NewServer(loki)
	defer server.Close()
	load := &Load{Sender: Sender{URL: server.URL}, Ledger: ledger, Workers: 3, Batch: 7, Total: 100, Pause: time.Millisecond}
	load.Start().Wait()

	account := ledger.Account(loki)
	require.Equal(t, 100, account.Sent)
	require.Equal(t, 100, account.Acknowledged)
	require.Equal(t, 100, account.Arrived)
	require.Empty(t, account.Lost)
	statuses := load.Statuses()
	require.Equal(t, 15, statuses[http.StatusNoContent])
	require.Len(t, load.Wrong(), statuses[http.StatusTeapot])
	require.Contains(t, load.Wrong(), "I'm a teapot: tea")
}

func TestLoadKeepsItsRateAndStops(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	load := (&Load{Sender: Sender{URL: server.URL}, Ledger: NewLedger(), Workers: 4, Batch: 10, Rate: 200}).Start()
	began := time.Now()
	time.Sleep(500 * time.Millisecond)
	load.Stop()
	load.Stop()
	require.LessOrEqual(t, float64(requests.Load()), 1+4+20*time.Since(began).Seconds()) // 200 a second, 10 in a request
	before := requests.Load()
	require.Equal(t, int(before)*10, load.Ledger.Acknowledged())
}
