package harness

import (
	"fmt"
	"maps"
	"os"
	"testing"
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

// Surround starts the destinations for the length of a test and returns who sends to a collector
// before them, how an example's configurations are to be started, with the queues in directory, and
// the URL of the collector's own metrics.
func Surround(t testing.TB, destinations []Destination, directory string, configs ...string) (sender Sender, options Options, metrics string) {
	t.Helper()
	metricsPort, address := Port(t), "127.0.0.1:"+Port(t)
	sender = Sender{URL: "http://" + address, Username: "stytch", Password: "s3cret"}
	env := map[string]string{
		"LISTEN": address, "METRICS_PORT": metricsPort, "HEALTH_PORT": Port(t), "QUEUE_DIRECTORY": directory,
		"STYTCH_USERNAME": sender.Username, "STYTCH_PASSWORD": sender.Password,
	}
	for _, destination := range destinations {
		url, err := destination.Start("127.0.0.1:" + Port(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { destination.Close() })
		maps.Copy(env, destination.Env(url))
	}
	return sender, Options{Configs: configs, Env: env, Receiver: address}, "http://localhost:" + metricsPort + "/metrics"
}
