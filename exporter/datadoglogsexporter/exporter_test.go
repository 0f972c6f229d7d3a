package datadoglogsexporter

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpsend"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// Datadog documents 202 alone; proxies and compatible intakes answer 200.
func TestEveryAnswer(t *testing.T) {
	exporterrig.CheckAnswers(t, NewFactory(), func(url string) component.Config {
		return config(t, url, func(cfg *Config) { cfg.RetryConfig = configretry.BackOffConfig{MaxInterval: time.Minute} })
	}, map[int]httpsend.Outcome{http.StatusAccepted: httpsend.Delivered})
}

// A 2xx is an answer of Datadog's only where its body can be.
func TestABodyThatIsNotDatadogs(t *testing.T) {
	delivered, hold := httpsend.Delivered, httpsend.Hold
	for _, c := range []struct {
		code int
		body string
		want httpsend.Outcome
	}{
		{202, "", delivered},
		{202, "{}", delivered},
		{202, " {}\n", delivered},
		{200, `{"status":"ok"}`, delivered},
		{202, `{"errors":[]}`, delivered},
		{202, `{"errors":null}`, delivered},
		{202, `{"errors":["Payload is too big"]}`, hold},
		{200, `{"errors":"no"}`, hold},
		{202, `{"errors":{"a":1}}`, hold},
		{200, "<html><title>Sign in</title>", hold},
		{202, "OK", hold},
		{202, "[]", hold},
		{202, `{"a":`, hold},
		{202, "null", hold},
		{201, "{}", hold},
		{204, "", hold},
		{206, "{}", hold},
		{260, "", hold},
	} {
		require.Equal(t, c.want, classify(c.code, []byte(c.body), 1).Outcome, "%d %s", c.code, c.body)
	}
}

func TestConsumeContract(t *testing.T) {
	exporterrig.CheckConsumeContract(t, NewFactory(), func(url string) component.Config {
		return config(t, url, func(cfg *Config) {
			cfg.QueueConfig = exporterrig.Waiting()
			cfg.RetryConfig.MaxInterval = time.Minute
		})
	})
}

func TestRequest(t *testing.T) {
	datadog := standin.NewDatadog(apiKey)
	url, err := datadog.Start("localhost:0")
	require.NoError(t, err)
	defer datadog.Close()
	var header http.Header
	datadog.SetFault(func(r *http.Request, _ int) *standin.Answer {
		header = r.Header.Clone()
		return nil
	})
	r := startRig(t, url)
	require.NoError(t, r.ConsumeLogs(t.Context(), logs(`{"event_id":"a","n":1.50}`, `plain`)))
	r.Stop()
	require.Len(t, datadog.Logs(), 2)
	require.Equal(t, `{"event_id":"a","n":1.50,`+ours+`}`, string(datadog.Logs()[0].Raw))
	require.Equal(t, `{"message":"plain",`+ours+`}`, string(datadog.Logs()[1].Raw))
	header.Del("Accept-Encoding")
	header.Del("Content-Length")
	require.Equal(t, http.Header{
		"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}, "Dd-Api-Key": {apiKey},
		"Dd-Evp-Origin": {"otelcol-stytch"}, "Dd-Evp-Origin-Version": {"latest"}, "User-Agent": {"otelcol/latest"},
	}, header)
}

// Each thing that happened to an event is counted once, however often it was
// tried, and the first of its kind is logged.
func TestCounts(t *testing.T) {
	datadog := standin.NewDatadog(apiKey)
	url, err := datadog.Start("localhost:0")
	require.NoError(t, err)
	defer datadog.Close()
	datadog.SetFault(func(_ *http.Request, n int) *standin.Answer {
		if n < 4 {
			return &standin.Answer{Status: http.StatusServiceUnavailable}
		}
		return nil
	})
	for _, tc := range []struct {
		edit                                   func(*Config)
		delivered, truncated, old, drops, lost int
	}{
		{func(*Config) {}, 3, 1, 1, 0, 1},
		{func(c *Config) { c.Oversize, c.TooOld = OversizeDrop, httpsend.TooOldDrop }, 1, 0, 1, 2, 0},
	} {
		before := len(datadog.Logs())
		r := startRig(t, url, tc.edit)
		ld := logs(`{"n":0}`, `{"timestamp":1772366400123}`, sized(2_000_000))
		ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1).SetTimestamp(pcommon.NewTimestampFromTime(time.UnixMilli(1772366400123)))
		require.NoError(t, r.ConsumeLogs(t.Context(), ld))
		r.Stop()
		require.Equal(t, tc.delivered, r.Count("delivered_events"))
		require.Equal(t, tc.truncated, r.Count("truncated_events"))
		require.Equal(t, tc.old, r.Count("too_old_events"))
		require.Equal(t, tc.drops/2, r.Counts("dropped_events", "reason")["too_large"])
		require.Equal(t, tc.drops/2, r.Counts("dropped_events", "reason")["too_old"])
		lost := 0
		for _, log := range datadog.Logs()[before:] {
			require.False(t, log.Truncated, "Datadog had nothing to cut")
			if log.Lost {
				lost++
			}
		}
		require.Equal(t, tc.lost, lost)
		for message, want := range map[string]bool{
			"Truncated an event": tc.truncated > 0, "Sent an event all the same": tc.lost > 0, "Dropped events": tc.drops > 0,
		} {
			if want {
				require.Contains(t, r.Log.String(), message)
			} else {
				require.NotContains(t, r.Log.String(), message)
			}
		}
	}
}
