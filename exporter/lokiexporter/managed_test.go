package lokiexporter

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/fakestreams"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// tlsLoki is a Loki behind TLS with the user u and the password p. All of them have the
// same certificate.
func tlsLoki(t *testing.T) (loki *standin.Loki, host string, server *httptest.Server) {
	t.Helper()
	loki = standin.NewLoki()
	loki.Username, loki.Password = "u", "p-secret"
	server = httptest.NewTLSServer(loki)
	t.Cleanup(server.Close)
	return loki, server.Listener.Addr().String(), server
}

func at(host, password string) managed.Credentials {
	return managed.Credentials{Loki: &managed.LokiCredentials{Hostname: host, Username: "u", Password: configopaque.String(password)}}
}

func startManaged(t *testing.T, source *fakestreams.Source, server *httptest.Server) *exporterrig.Rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"management":       fakestreams.ID.String(),
		"sending_queue":    map[string]any{"batch": map[string]any{"flush_timeout": "5ms"}},
		"retry_on_failure": map[string]any{"initial_interval": "1h", "max_interval": "1h"},
		"tls":              map[string]any{"ca_pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))},
	}).Unmarshal(cfg))
	r := exporterrig.New(t, NewFactory(), cfg)
	r.Host.Extensions = map[component.ID]component.Component{fakestreams.ID: source}
	require.NoError(t, r.Start(t.Context(), r.Host))
	t.Cleanup(r.Stop)
	return r
}

func eventOf(project, event string) plog.Logs {
	ld := plog.NewLogs()
	add(ld, "stytch", "stytch.auth", pcommon.NewTimestampFromTime(time.Now()), event)
	ld.ResourceLogs().At(0).Resource().Attributes().PutStr("stytch.project_id", project)
	return ld
}

func lines(loki *standin.Loki) (lines []string) {
	for _, entry := range loki.Entries() {
		lines = append(lines, entry.Line)
	}
	return lines
}

// Each stream has a Loki of its own, over HTTPS. What waits for a wrong one goes to the
// right one as soon as it is known.
func TestStreamsHaveTheirOwnLoki(t *testing.T) {
	first, firstHost, server := tlsLoki(t)
	second, secondHost, _ := tlsLoki(t)
	_, gone, closed := tlsLoki(t)
	closed.Close()
	source := fakestreams.New()
	r := startManaged(t, source, server)
	source.Set("project-live-1", at(firstHost, "p-secret"), true)
	require.NoError(t, r.ConsumeLogs(t.Context(), eventOf("project-live-1", `{"n":1}`)))
	require.Eventually(t, func() bool { return len(first.Entries()) == 1 }, 10*time.Second, time.Millisecond)
	require.Equal(t, []string{`{"n":1}`}, lines(first))

	for project, wrong := range map[string]managed.Credentials{
		"project-live-2": at(secondHost, "wrong-secret"),
		"project-live-3": at(gone, "p-secret"),
		"project-live-4": at("nowhere.invalid", "p-secret"),
	} {
		stream := source.Set(project, wrong, true)
		require.NoError(t, r.ConsumeLogs(t.Context(), eventOf(project, `{"of":"`+project+`"}`)))
		require.Eventually(t, func() bool { return stream.Figures.Snapshot().LastError != nil }, 20*time.Second, time.Millisecond, project)
		before := len(second.Entries())
		source.Set(project, at(secondHost, "p-secret"), true)
		require.Eventually(t, func() bool { return len(second.Entries()) == before+1 }, 10*time.Second, time.Millisecond, project)
		require.Eventually(t, func() bool { return stream.Figures.Snapshot().LastError == nil }, 10*time.Second, time.Millisecond, project)
	}
	require.Len(t, first.Entries(), 1)
	r.Stop()
	require.Contains(t, r.Log.String(), "check the stream's username and password")
	require.NotContains(t, r.Log.String(), "-secret")
}

func TestCheckAndTestOfALoki(t *testing.T) {
	loki, host, server := tlsLoki(t)
	source := fakestreams.New()
	startManaged(t, source, server)
	require.Len(t, source.Exporters(), 1)
	exporter := source.Exporters()[0]
	require.Equal(t, managed.GrafanaLoki, exporter.Destination())

	require.Equal(t, managed.Answer{OK: true, Code: 422, Text: "the destination takes these credentials"}, withoutTime(exporter.Check(t.Context(), at(host, "p-secret"))))
	wrong := withoutTime(exporter.Check(t.Context(), at(host, "wrong-secret")))
	require.Equal(t, 401, wrong.Code)
	require.False(t, wrong.OK)
	require.Contains(t, wrong.Text, host+" answered 401")
	require.Empty(t, loki.Entries(), "a check stores nothing")
	loki.SetFault(func(*http.Request, int) *standin.Answer {
		return &standin.Answer{Status: http.StatusOK, Body: "<html>log in"}
	})
	require.False(t, exporter.Check(t.Context(), at(host, "p-secret")).OK)
	loki.SetFault(func(*http.Request, int) *standin.Answer {
		return &standin.Answer{Status: http.StatusMovedPermanently, Header: http.Header{"Location": {"https://localhost:1"}}}
	})
	require.Equal(t, 301, exporter.Check(t.Context(), at(host, "p-secret")).Code)
	loki.SetFault(nil)

	const event = `{"action":"otelcol_stytch.test","project_id":"project-live-1"}`
	stream := source.Set("project-live-1", at(host, "p-secret"), false)
	require.Equal(t, managed.Answer{OK: true, Code: 204, Text: "the destination took the event"}, withoutTime(exporter.Test(t.Context(), stream, event)))
	require.Equal(t, []string{event}, lines(loki))
	require.Equal(t, map[string]string{"source": "stytch", "service_name": "stytch.auth"}, loki.Entries()[0].Labels)
	require.Zero(t, stream.Figures.Snapshot().Received)
}

func withoutTime(a managed.Answer) managed.Answer {
	a.Took = 0
	return a
}

func TestManagedConfig(t *testing.T) {
	cfg, err := load(t, map[string]any{"management": "stytch_management"})
	require.NoError(t, err)
	require.EqualValues(t, 10_000, cfg.QueueConfig.Get().QueueSize)
	require.Equal(t, 500_000, cfg.MaxQueuedEvents)
	require.Zero(t, cfg.ClientConfig.MaxIdleConns)
	cfg, err = load(t, map[string]any{"management": "stytch_management", "endpoint": "http://localhost:1", "max_idle_conns": 7})
	require.NoError(t, err)
	require.Equal(t, 7, cfg.ClientConfig.MaxIdleConns)
	for want, values := range map[string]map[string]any{
		"hostname: must not be set with management":            {"hostname": "x"},
		"username: must not be set with management":            {"username": "u", "password": "hunter2"},
		"password: must not be set with management":            {"username": "u", "password": "hunter2"},
		"tenant_id: must not be set with management":           {"tenant_id": "t"},
		"auth: must not be set with management":                {"auth": map[string]any{"authenticator": "basicauth"}},
		"endpoint: must be a URL that begins with":             {"endpoint": "x"},
		"sending_queue::enabled: must be true with management": {"sending_queue": map[string]any{"enabled": false}},
	} {
		values["management"] = "stytch_management"
		_, err := load(t, values)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err = load(t, map[string]any{"hostname": "x", "max_queued_events": 5})
	require.ErrorContains(t, err, "max_queued_events: goes with management")
}
