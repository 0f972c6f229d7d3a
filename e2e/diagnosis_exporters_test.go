//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// diagnosable is the local example with everything that tells of an exporter's state: the log at its
// default level, the metrics, and the health check by component status.
const diagnosable = `
extensions:
  health_check:
    http: {endpoint: "${env:HEALTH}", status: {enabled: true, path: /status}}
    component_health: {include_permanent_errors: true, include_recoverable_errors: true, recovery_duration: 1ms}
service: {extensions: [basicauth/stytch, health_check]}
`

// namedWithin bounds how long a user looks at a log that does not name the cause.
const namedWithin = 10 * time.Second

// TestTheLogNamesTheCause promises: within ten seconds of the first event the log, at its default
// level, names what is wrong and which key to correct; a metric tells the code, and the health check
// the component. Nothing is lost: once it is right, the events arrive.
func TestTheLogNamesTheCause(t *testing.T) {
	const wrong = "99999999999999999999999999999999"
	wrongKey := `exporters: {datadog_logs: {api: {key: "` + wrong + `", endpoint: "${env:DATADOG_URL}"}}}`
	for _, c := range []struct {
		name     string
		overlay  string
		before   func(*world)
		exporter string
		told     []string
		code     string
	}{
		{
			name: "a wrong key of Datadog's, from the start", overlay: wrongKey, exporter: "datadog_logs", code: "403",
			told: []string{"api::key: Datadog refuses this key for this api::site", "answered 403", "check api::key and api::site: the destination refuses them"},
		},
		{
			name: "a key that is revoked", exporter: "datadog_logs", code: "403",
			before: func(w *world) {
				w.datadog.SetFault(func(*http.Request, int) *standin.Answer { return &standin.Answer{Status: 403} })
			},
			told: []string{"answered 403", "check api::key and api::site: the destination refuses them"},
		},
		{
			name: "a host that does not resolve", overlay: `exporters: {loki: {endpoint: "http://logs.invalid"}}`, exporter: "loki", code: "0",
			told: []string{"POST to logs.invalid", "check the host name in hostname or endpoint: it does not resolve"},
		},
		{
			name: "a port that nobody listens on", overlay: `exporters: {loki: {endpoint: "http://127.0.0.1:1"}}`, exporter: "loki", code: "0",
			told: []string{"POST to 127.0.0.1:1", "check host and port in hostname or endpoint: nothing listens there"},
		},
		{
			name: "a server without TLS", overlay: `exporters: {loki: {endpoint: "${env:LOKI_TLS}"}}`, exporter: "loki", code: "0",
			told: []string{"server gave HTTP response to HTTPS client", "check the scheme and port in hostname or endpoint"},
		},
		{
			name: "a wrong password of Loki's", exporter: "loki", code: "401",
			overlay: `exporters: {loki: {username: "1", password: wrong-password}}`,
			before:  func(w *world) { w.loki.Username, w.loki.Password = "1", "right-password" },
			told:    []string{"answered 401", "check username, password and tenant_id: the destination refuses them"},
		},
		{
			name: "a wrong path", overlay: `exporters: {loki: {endpoint: "${env:LOKI_URL}/push"}}`, exporter: "loki", code: "404",
			told: []string{"answered 404", "check hostname or endpoint: no push API answers there"},
		},
		{
			name: "a login page", exporter: "loki", code: "200",
			before: func(w *world) {
				w.loki.SetFault(func(*http.Request, int) *standin.Answer {
					return &standin.Answer{Status: 200, Body: "<html><title>Sign in</title>"}
				})
			},
			told: []string{"answered 200, which does not confirm that anything is stored: <html>", "check hostname or endpoint: something else than the destination answers there"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, loki: standin.NewLoki(), datadog: standin.NewDatadog("0123456789abcdef0123456789abcdef")}
			if c.before != nil {
				c.before(w)
			}
			w.sender, w.options, w.metrics = harness.Surround(t, []harness.Destination{w.loki, w.datadog}, t.TempDir(),
				append([]string{harness.Path("examples/local/collector.yaml")}, overlayFiles(t, []string{diagnosable, c.overlay})...)...)
			health := "127.0.0.1:" + harness.Port(t)
			w.options.Env["HEALTH"] = health
			w.options.Env["LOKI_TLS"] = strings.Replace(w.options.Env["LOKI_URL"], "http:", "https:", 1)
			w.options.Arguments = []string{"--feature-gates=+extension.healthcheck.useComponentStatus"}
			w.collector = harness.Start(t, w.options)

			reply, err := w.sender.LokiPush(t.Context(), testdata.Mixed(3, time.Now()))
			require.NoError(t, err)
			require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
			for _, text := range c.told {
				require.Eventually(t, func() bool { return strings.Contains(w.collector.Output(), text) }, namedWithin, 20*time.Millisecond, text)
			}
			require.Contains(t, w.told(), `otelcol_exporter_`+c.exporter+`_request_duration_count{exporter="`+c.exporter+`",http_response_status_code="`+c.code+`"} `)
			require.Eventually(t, func() bool { return unhealthy(t, health)["exporter:"+c.exporter] != "" }, namedWithin, 20*time.Millisecond)
			output := w.collector.Output()
			require.LessOrEqual(t, strings.Count(output, "Events wait, none is dropped"), 2, "once for each reason, and not for each attempt")
			other := map[string]string{"loki": "datadog_logs", "datadog_logs": "loki"}[c.exporter]
			require.NotContains(t, unhealthy(t, health), "exporter:"+other)
			require.NotContains(t, output, wrong)
			require.NotContains(t, output, "wrong-password")
			require.Eventually(t, func() bool { return strings.Contains(w.collector.Output(), "Delivered the first events") },
				namedWithin, 20*time.Millisecond, "by the other exporter")
		})
	}
}

// TestTheLogTellsWhenItIsOver promises: once a destination takes events again the log says so.
func TestTheLogTellsWhenItIsOver(t *testing.T) {
	w := newWorld(t, `exporters: {loki: {retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}}}`)
	push := func() {
		reply, err := w.sender.LokiPush(t.Context(), testdata.Mixed(3, time.Now()))
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, reply.Status)
	}
	logged := func(text string) {
		require.Eventually(t, func() bool { return strings.Contains(w.collector.Output(), text) }, namedWithin, 20*time.Millisecond, text)
	}
	push()
	logged("Delivered the first events")
	w.loki.SetFault(func(*http.Request, int) *standin.Answer { return &standin.Answer{Status: 401} })
	push()
	logged("Events wait, none is dropped")
	w.loki.SetFault(nil)
	logged("Events are delivered again")
}

// TestAnUnsetKeyIsNamed promises: where the variable of the key is not set, neither `validate` nor the
// start goes on, and both name the key.
func TestAnUnsetKeyIsNamed(t *testing.T) {
	for _, arguments := range [][]string{{"validate"}, nil} {
		command, err := harness.Command(map[string]string{"LOKI_URL": "http://127.0.0.1:1", "DATADOG_URL": "http://127.0.0.1:1"},
			append(arguments, "--config", harness.Path("examples/local/collector.yaml"))...)
		require.NoError(t, err)
		output, err := command.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(output), "exporters::datadog_logs::api: key: must be set")
	}
}

// TestCountersAreThereFromTheStart promises: every counter that an alert can watch is exported at 0
// before anything happens.
func TestCountersAreThereFromTheStart(t *testing.T) {
	w := newWorld(t)
	content := w.told()
	for _, series := range []string{
		`delivered_events{`, `delivered_bytes{`, `quarantined_events{`,
		`dropped_events{…reason="rejected"`, `dropped_events{…reason="too_large"`, `dropped_events{…reason="too_old"`,
		`splits{…http_response_status_code="400"`, `splits{…http_response_status_code="413"`,
		`queue_damage{…kind="item"`, `queue_damage{…kind="index"`,
	} {
		for _, exporter := range []string{"loki", "datadog_logs"} {
			want := "otelcol_exporter_" + exporter + "_" + strings.Replace(series, "…", `exporter="`+exporter+`",`, 1)
			found := false
			for line := range strings.Lines(content) {
				found = found || strings.HasPrefix(line, want) && strings.HasSuffix(line, "} 0\n")
			}
			require.True(t, found, want)
		}
	}
	require.Contains(t, content, `otelcol_exporter_datadog_logs_truncated_events{exporter="datadog_logs"} 0`)
	require.Contains(t, content, `otelcol_exporter_datadog_logs_too_old_events{exporter="datadog_logs"} 0`)
}

// told returns the collector's own metrics as they are exposed.
func (w *world) told() string {
	w.t.Helper()
	answer, err := http.Get(w.metrics)
	require.NoError(w.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	return string(content)
}

// unhealthy returns the components that the health check calls unhealthy, with their errors.
func unhealthy(t *testing.T, health string) map[string]string {
	t.Helper()
	answer, err := http.Get("http://" + health + "/status?verbose")
	require.NoError(t, err)
	defer answer.Body.Close()
	type status struct {
		Healthy    bool              `json:"healthy"`
		Error      string            `json:"error"`
		Components map[string]status `json:"components"`
	}
	var root status
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&root))
	found := map[string]string{}
	for _, pipeline := range root.Components {
		for name, component := range pipeline.Components {
			if !component.Healthy {
				found[name] = component.Error
			}
		}
	}
	return found
}
