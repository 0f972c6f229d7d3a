//go:build e2e

package examples

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// TestOTLP promises: with each of the two collectors killed three times under load, everything
// acknowledged arrives at both destinations.
func TestOTLP(t *testing.T) {
	loki, datadog := standin.NewLoki(), standin.NewDatadog("0123456789abcdef0123456789abcdef")
	loki.Forget, datadog.Forget = true, true
	central := newRig(t, []harness.Destination{loki, datadog}, "otlp/central.yaml").overlay(toStandins)
	address := "127.0.0.1:" + harness.Port(t)
	central.options.Env["OTLP_LISTEN"], central.options.Env["OTLP_TOKEN"] = address, "t0ken"
	central.withoutReceiver()
	edge := newRig(t, nil, "otlp/collector.yaml").overlay(`
exporters:
  otlp_http: {retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}}
`)
	edge.options.Env["OTLP_ENDPOINT"], edge.options.Env["OTLP_TOKEN"] = "http://"+address, "t0ken"
	edge.ledger = central.ledger
	central.start()
	edge.start()
	load := edge.load(1000)
	for range 3 {
		central.flows(loki)
		edge.collector.Kill()
		edge.start()
		central.flows(datadog)
		central.collector.Kill()
		edge.acknowledged(300) // by its disk
		central.start()
	}
	load.Stop()
	require.Empty(t, load.Wrong())
	for _, at := range []harness.Destination{loki, datadog} {
		central.everythingArrives(at)
	}
}
