package datadoglogsexporter

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

func TestAnIntakeThatTakesLessGetsEverything(t *testing.T) {
	datadog := standin.NewDatadog(apiKey)
	url := choosy(t, datadog, func(_ http.ResponseWriter, logs []standin.Log) int {
		if len(logs) > 300 {
			return http.StatusRequestEntityTooLarge
		}
		return 0
	})
	r := startRig(t, url)
	require.NoError(t, r.ConsumeLogs(t.Context(), events(0, 4000, 500)))
	r.Stop()
	requireOnce(t, datadog, 4000)
	require.Equal(t, 4*3, r.Counts("splits", "http.response.status_code")["413"])
	require.Zero(t, r.Count("dropped_events"))
}

func TestARefusedEventStopsNothing(t *testing.T) {
	datadog := standin.NewDatadog(apiKey)
	url := choosy(t, datadog, func(_ http.ResponseWriter, logs []standin.Log) int {
		for _, log := range logs {
			if log.Text("event_id") == "000777" {
				return http.StatusBadRequest
			}
		}
		return 0
	})
	r := startRig(t, url, queued)
	require.NoError(t, r.ConsumeLogs(t.Context(), events(0, 1000, 100)))
	require.Eventually(t, func() bool { return r.Count("delivered_events") == 999 }, 10*time.Second, time.Millisecond)
	trickle(t, r, 1000, func() bool { return r.Counts("dropped_events", "reason")["rejected"] == 1 })
	r.Stop()
	require.Empty(t, arrivals(datadog)["000777"])
	require.Contains(t, r.Log.String(), "Dropped events")
}

// A proxy that cannot read the compression answers 400 to everything, one with
// a small limit 413: what was accepted from the sender is not dropped for it.
func TestAnIntakeThatRefusesEverythingGetsItLater(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
		datadog := standin.NewDatadog(apiKey)
		url, err := datadog.Start("localhost:0")
		require.NoError(t, err)
		datadog.SetFault(func(_ *http.Request, n int) *standin.Answer {
			if n > 200 {
				return nil // the proxy is mended
			}
			return &standin.Answer{Status: code}
		})
		r := startRig(t, url)
		require.NoError(t, r.ConsumeLogs(t.Context(), events(0, 500, 100)))
		r.Stop()
		requireOnce(t, datadog, 500)
		require.Zero(t, r.Count("dropped_events"))
		reports := r.Host.Take()
		require.ErrorContains(t, reports[0].Err(), "nothing is accepted")
		require.Equal(t, componentstatus.StatusOK, reports[len(reports)-1].Status())
		require.NoError(t, datadog.Close())
	}
}

func TestAWrongKeyKeepsTheEvents(t *testing.T) {
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		datadog := standin.NewDatadog(apiKey)
		url, err := datadog.Start("localhost:0")
		require.NoError(t, err)
		datadog.SetFault(func(_ *http.Request, n int) *standin.Answer {
			if n > 5 {
				return nil // the key works again
			}
			return &standin.Answer{Status: code}
		})
		r := startRig(t, url)
		require.NoError(t, r.ConsumeLogs(t.Context(), events(0, 10, 100)))
		r.Stop()
		requireOnce(t, datadog, 10)
		reports := r.Host.Take()
		require.Len(t, reports, 2)
		require.Equal(t, componentstatus.StatusRecoverableError, reports[0].Status())
		require.ErrorContains(t, reports[0].Err(), fmt.Sprint("answered ", code))
		require.Equal(t, componentstatus.StatusOK, reports[1].Status())
		require.NoError(t, datadog.Close())
	}
}
