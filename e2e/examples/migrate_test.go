//go:build e2e

package examples

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// TestMigrate promises: both sides get every event as it came, and a label tells them apart.
func TestMigrate(t *testing.T) {
	older, newer := standin.NewLoki(), standin.NewLoki()
	r := newRig(t, []harness.Destination{newer}, "migrate/collector.yaml").overlay(`
exporters:
  loki/new: {hostname: "", username: "", password: "", endpoint: "${env:LOKI_URL}"}
`)
	older.Username, older.Password = "bridge", "its-secret"
	url, err := older.Start("127.0.0.1:" + harness.Port(t))
	require.NoError(t, err)
	t.Cleanup(func() { older.Close() })
	r.options.Env["OLD_URL"], r.options.Env["OLD_USERNAME"], r.options.Env["OLD_PASSWORD"] = url, older.Username, older.Password
	r.start()
	events := testdata.Recent(time.Now())
	r.push(events)
	r.until("arrivals", func() bool { return older.Received() >= len(events) && newer.Received() >= len(events) })
	for service, side := range map[string]*standin.Loki{"stytch.auth": older, "stytch.auth.next": newer} {
		var lines, want []string
		for _, entry := range side.Entries() {
			require.Equal(t, map[string]string{"source": "stytch", "service_name": service}, entry.Labels)
			lines = append(lines, entry.Line)
		}
		for _, event := range events {
			want = append(want, event.JSON)
		}
		require.ElementsMatch(t, want, lines, service)
	}
}
