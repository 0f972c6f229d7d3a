//go:build e2e

package e2e

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestValidateRefusesWhatCannotWork has settings that were taken, and failed or harmed later.
func TestValidateRefusesWhatCannotWork(t *testing.T) {
	example := harness.Path("examples/local/collector.yaml")
	for _, c := range []struct{ name, overlay, told string }{
		{"retry without a unit", "exporters: {loki: {retry_on_failure: {initial_interval: 5}}}", "exporters::loki: retry_on_failure::initial_interval: must be at least 1ms, got 5ns"},
		{"longest wait without a unit", "exporters: {datadog_logs: {retry_on_failure: {max_interval: 30}}}", "exporters::datadog_logs: retry_on_failure::max_interval: must be at least 1ms, got 30ns"},
		{"flush without a unit", "exporters: {loki: {sending_queue: {batch: {flush_timeout: 200}}}}", "exporters::loki: sending_queue::batch::flush_timeout: must be at least 1ms, got 200ns"},
		{"window without a unit", "processors: {stytch: {deduplicate: {window: 600}}}", "processors::stytch::deduplicate: window: must be between 1s and 8760h0m0s, got 600ns: write it with a unit"},
		{"a tenant with a slash", "exporters: {loki: {tenant_id: a/b}}", "exporters::loki: tenant_id: must be one tenant"},
		{"a header's name", "exporters: {loki: {headers: {a b: x}}}", "exporters::loki: headers::a b: must be the name of a header"},
		{"a port", "exporters: {loki: {endpoint: 'http://localhost:70000'}}", "exporters::loki: endpoint: the port must be between 1 and 65535, got 70000"},
		{"a proxy", "exporters: {datadog_logs: {proxy_url: 'localhost:3128'}}", "exporters::datadog_logs: proxy_url: must be a URL"},
		{"a password in exponents", "exporters: {loki: {username: a, password: 1e5}}", "'password' must be in quotes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			output, err := validate(t, example, overlayFiles(t, []string{c.overlay})[0])
			require.Error(t, err, output)
			require.Contains(t, output, c.told)
		})
	}
}

// TestNumbersAndFilesAreSecrets logs in with a number as the user and with secrets that are files,
// which end in a line end.
func TestNumbersAndFilesAreSecrets(t *testing.T) {
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return filepath.ToSlash(path)
	}
	password := file("password", "0123\n")
	key := file("key", "0123456789abcdef0123456789abcdef\r\n")
	const header = "Authorization"
	logins := make(chan string, 100)
	w := newWorld(t, `
exporters:
  loki: {username: 123456, password: "${file:`+password+`}", tenant_id: 7}
  datadog_logs: {api: {key: "${file:`+key+`}"}}
`)
	w.loki.SetFault(func(r *http.Request, _ int) *standin.Answer {
		logins <- r.Header.Get(header) + " " + r.Header.Get("X-Scope-OrgID")
		return nil
	})
	events := testdata.Mixed(3, time.Now())
	reply, err := w.sender.LokiPush(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, reply.Status, reply.Body)
	w.settle(3, 3)
	require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("123456:0123"))+" 7", <-logins)
	require.Len(t, linesWith(w.collector.Output(), "Numbers without quotes are sent in decimal"), 1)
}

// TestTheStartNamesTheAuthenticator refuses one that is no extension of the service.
func TestTheStartNamesTheAuthenticator(t *testing.T) {
	w := newWorld(t)
	w.collector.Stop()
	w.options.Configs = append(w.options.Configs, overlayFiles(t, []string{
		"exporters: {loki: {auth: {authenticator: bearertokenauth/ingest}}}",
	})...)
	collector := harness.Spawned(t, w.options)
	select {
	case <-collector.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("the collector runs")
	}
	require.Contains(t, collector.Output(), `exporters::loki::auth::authenticator: \"bearertokenauth/ingest\" is no enabled extension`)
}
