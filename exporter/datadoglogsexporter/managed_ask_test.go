package datadoglogsexporter

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/fakestreams"
)

func (r *managedRig) exporter() managed.Exporter {
	r.t.Helper()
	exporters := r.source.Exporters()
	require.Len(r.t, exporters, 1)
	require.Equal(r.t, managed.Datadog, exporters[0].Destination())
	return exporters[0]
}

func TestCheckOfCredentials(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get(headerKey) {
		case "good":
			_, _ = w.Write([]byte(`{"valid":true}`))
		case "moved":
			http.Redirect(w, r, "http://localhost:1/?key=moved", http.StatusFound)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer api.Close()
	r := newManagedRig(t, fakestreams.New(), newAccounts(t), "", map[string]any{"api": map[string]any{"endpoint": api.URL}})
	host := api.Listener.Addr().String()
	for key, want := range map[string]managed.Answer{
		"good":  {OK: true, Code: 200, Text: "the destination takes these credentials"},
		"bad":   {Code: 403, Text: "Datadog refuses this API key for this site"},
		"moved": {Code: 302, Text: host + " answered 302"},
	} {
		answer := r.exporter().Check(t.Context(), datadog(key))
		require.Positive(t, answer.Took)
		answer.Took = 0
		require.Equal(t, want, answer)
	}
	require.Empty(t, r.Host.Take(), "a check changes no status")

	api.Close()
	answer := r.exporter().Check(t.Context(), datadog("good"))
	require.False(t, answer.OK)
	require.Zero(t, answer.Code)
	require.Contains(t, answer.Text, "connection refused")

	r = newManagedRig(t, fakestreams.New(), newAccounts(t), "")
	require.Equal(t, managed.Answer{Text: "nobody can be asked: api::endpoint is not set beside endpoint"}, withoutTime(r.exporter().Check(t.Context(), datadog("k"))))
	require.False(t, r.exporter().Check(t.Context(), managed.Credentials{Loki: &managed.LokiCredentials{}}).OK)
	r.Stop()
	require.Empty(t, r.source.Exporters(), "it is detached at the end")
}

func withoutTime(a managed.Answer) managed.Answer {
	a.Took = 0
	return a
}

// A test event goes as the stream's own would, past what waits.
func TestTestEvent(t *testing.T) {
	const event = `{"event_id":"t-1","action":"otelcol_stytch.test","project_id":"project-live-1"}`
	intake := newAccounts(t)
	r := newManagedRig(t, fakestreams.New(), intake, "")
	const key = "a-long-key"
	stream := r.source.Set(one, datadog(key), false)
	host := intake.Listener.Addr().String()
	require.Equal(t, managed.Answer{OK: true, Code: 202, Text: "the destination took the event"}, withoutTime(r.exporter().Test(t.Context(), stream, event)))
	require.Equal(t, []string{"t-1"}, intake.of(key))

	intake.behaves(key, func(w http.ResponseWriter, _ []string) int {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("no such key " + key + " for " + event))
		return answered
	})
	answer := withoutTime(r.exporter().Test(t.Context(), stream, event))
	require.Equal(t, 403, answer.Code)
	require.False(t, answer.OK)
	require.Contains(t, answer.Text, host+" answered 403: no such key [secret]")
	require.NotContains(t, answer.Text, "t-1", "the event is not repeated")
	require.Zero(t, stream.Figures.Snapshot().Received)
	require.Equal(t, 0, r.Count("delivered_events"))
	require.Empty(t, r.Host.Take())
	require.NotContains(t, r.Log.String(), "wait")

	intake.hangs(key)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.Equal(t, managed.Answer{Text: "no answer in time"}, withoutTime(r.exporter().Test(ctx, stream, event)))
}

func TestManagedConfig(t *testing.T) {
	managedWith := func(values map[string]any) map[string]any {
		values["management"] = "stytch_management"
		return values
	}
	cfg, err := load(t, managedWith(map[string]any{}))
	require.NoError(t, err)
	require.EqualValues(t, 10_000, cfg.QueueConfig.Get().QueueSize)
	require.Equal(t, 500_000, cfg.MaxQueuedEvents)
	cfg, err = load(t, managedWith(map[string]any{"sending_queue": map[string]any{"queue_size": 2000}, "max_queued_events": 9}))
	require.NoError(t, err)
	require.EqualValues(t, 2000, cfg.QueueConfig.Get().QueueSize)
	require.Equal(t, 9, cfg.MaxQueuedEvents)

	for want, values := range map[string]map[string]any{
		"api: key: must not be set with management":                         managedWith(map[string]any{"api": map[string]any{"key": apiKey}}),
		"api: site: must not be set with management":                        managedWith(map[string]any{"api": map[string]any{"site": "EU"}}),
		"api: fail_on_invalid_key: must not be set with management":         managedWith(map[string]any{"api": map[string]any{"fail_on_invalid_key": true}}),
		"max_queued_events: must be positive, got 0":                        managedWith(map[string]any{"max_queued_events": 0}),
		"sending_queue::enabled: must be true with management":              managedWith(map[string]any{"sending_queue": map[string]any{"enabled": false}}),
		"sending_queue::sizer: must be items with management, got requests": managedWith(map[string]any{"sending_queue": map[string]any{"sizer": "requests"}}),
		"sending_queue::block_on_overflow: must be false with management":   managedWith(map[string]any{"sending_queue": map[string]any{"block_on_overflow": true}}),
		"sending_queue::wait_for_result: must be false with management":     managedWith(map[string]any{"sending_queue": map[string]any{"wait_for_result": true}}),
		"max_queued_events: goes with management":                           {"api": map[string]any{"key": apiKey}, "max_queued_events": 5},
	} {
		_, err := load(t, values)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), apiKey)
	}
}

func TestManagementNeedsItsExtension(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"management": "stytch_management"}).Unmarshal(cfg))
	r := exporterrig.New(t, NewFactory(), cfg)
	require.EqualError(t, r.Start(t.Context(), r.Host),
		`exporters::datadog_logs/test::management: no extension "stytch_management" is enabled: list it in service::extensions`)
	r.Stop()
}
