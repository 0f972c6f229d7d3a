//go:build e2e

package examples

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

const (
	quickGateway = `
exporters:
  kafka:
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms}
`
	// A member of the group that was killed is missed after a second.
	quickConsumer = `
receivers:
  kafka/datadog: &quick
    session_timeout: 1s
    heartbeat_interval: 200ms
    error_backoff: {initial_interval: 50ms, max_interval: 300ms}
  kafka/loki: *quick
`
)

// TestKafka promises: with a gateway, the broker and the consumer killed three times each under load,
// everything acknowledged arrives at both destinations, and little of it twice.
func TestKafka(t *testing.T) {
	kafka := startBroker(t)
	loki, datadog := standin.NewLoki(), standin.NewDatadog("0123456789abcdef0123456789abcdef")
	loki.Forget, datadog.Forget = true, true
	consumer := newRig(t, []harness.Destination{loki, datadog}, "kafka/consumer.yaml").overlay(toStandins).overlay(quickConsumer)
	consumer.withoutReceiver()
	gateways := []*rig{
		newRig(t, nil, "kafka/gateway.yaml").overlay(quickGateway),
		newRig(t, nil, "kafka/gateway.yaml").overlay(quickGateway),
	}
	var loads []*harness.Load
	for _, gateway := range gateways {
		gateway.options.Env["KAFKA_BROKER"] = kafka.address()
		gateway.ledger = consumer.ledger
		gateway.start()
		loads = append(loads, gateway.load(1000))
	}
	consumer.options.Env["KAFKA_BROKER"] = kafka.address()
	consumer.start()
	for range 3 {
		consumer.flows(loki)
		gateways[0].collector.Kill()
		gateways[0].start()
		consumer.flows(loki)
		kafka.kill()
		consumer.acknowledged(500) // by the gateways' disks
		kafka.start()
		consumer.flows(loki)
		consumer.collector.Kill()
		consumer.start()
	}
	for _, load := range loads {
		load.Stop()
		require.Empty(t, load.Wrong())
	}
	for _, at := range []harness.Destination{loki, datadog} {
		account := consumer.everythingArrives(at)
		// Each of 3 kills of the consumer leaves at most the messages without an answer that it was at:
		// one of each of 4 partitions, with all that 8 requests a gateway brought within its 200 ms.
		require.LessOrEqual(t, account.CollectorRepeats+account.SenderRepeats, 3*4*1000, at)
	}
}
