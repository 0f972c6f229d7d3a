//go:build e2e

package examples

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// TestLean runs the sidecar's configuration on the smaller collector, over a kill.
func TestLean(t *testing.T) {
	lean := harness.Path("build/lean/otelcol-stytch")
	require.FileExists(t, lean, "`make build-lean` makes it")
	t.Setenv("OTELCOL_STYTCH", lean)
	loki, datadog := standin.NewLoki(), standin.NewDatadog("0123456789abcdef0123456789abcdef")
	loki.Forget, datadog.Forget = true, true
	r := newRig(t, []harness.Destination{loki, datadog}, "sidecar/collector.yaml").overlay(toStandins)
	r.start()
	load := r.load(1000)
	r.flows(loki)
	r.collector.Kill()
	r.start()
	r.flows(datadog)
	load.Stop()
	require.Empty(t, load.Wrong())
	for _, at := range []harness.Destination{loki, datadog} {
		r.everythingArrives(at)
	}
}
