//go:build e2e

package examples

import (
	"os"
	"testing"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// TestMain runs the tests, or, in a process that broker.start made, the Kafka broker.
func TestMain(m *testing.M) {
	if os.Getenv(brokerPort) != "" {
		serveKafka()
	}
	harness.Main(m)
}
