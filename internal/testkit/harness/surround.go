package harness

import (
	"fmt"
	"os"
	"testing"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// Main runs a package's tests, and fails where there is no binary: tests that skip themselves prove
// nothing.
func Main(m *testing.M) {
	if _, err := Binary(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Surround starts both stand-ins for the length of a test and returns who sends to a collector
// between them, how an example's configurations are to be started, with the queues in directory, and
// the URL of the collector's own metrics.
func Surround(t testing.TB, loki *standin.Loki, datadog *standin.Datadog, directory string, configs ...string) (sender Sender, options Options, metrics string) {
	t.Helper()
	lokiURL, err := loki.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loki.Close() })
	datadogURL, err := datadog.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { datadog.Close() })

	metricsPort, address := Port(t), "127.0.0.1:"+Port(t)
	sender = Sender{URL: "http://" + address, Username: "stytch", Password: "s3cret"}
	return sender, Options{
		Configs: configs,
		Env: map[string]string{
			"LISTEN": address, "METRICS_PORT": metricsPort, "HEALTH_PORT": Port(t), "QUEUE_DIRECTORY": directory,
			"STYTCH_USERNAME": sender.Username, "STYTCH_PASSWORD": sender.Password,
			"LOKI_URL": lokiURL, "DATADOG_URL": datadogURL, "DD_API_KEY": datadog.APIKey,
		},
		Receiver: address,
	}, "http://localhost:" + metricsPort + "/metrics"
}
