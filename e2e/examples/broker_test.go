//go:build e2e

package examples

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Variables that make a process of this test's binary a broker.
const (
	brokerPort      = "EXAMPLES_BROKER_PORT"
	brokerDirectory = "EXAMPLES_BROKER_DIRECTORY"
)

// broker is a Kafka broker in a process of its own, with its log on disk, synced at each write, so that
// it may be killed and started again.
type broker struct {
	t               *testing.T
	port, directory string
	process         *exec.Cmd
	output          harness.Output
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{t: t, port: harness.Port(t), directory: t.TempDir()}
	b.start()
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			t.Logf("the broker wrote:\n%s", &b.output)
		}
	})
	return b
}

func (b *broker) address() string { return "127.0.0.1:" + b.port }

// start runs the broker, again after a kill.
func (b *broker) start() {
	b.t.Helper()
	self, err := os.Executable()
	require.NoError(b.t, err)
	b.process = exec.Command(self)
	b.process.Env = []string{brokerPort + "=" + b.port, brokerDirectory + "=" + b.directory}
	b.process.Stdout, b.process.Stderr = &b.output, &b.output
	require.NoError(b.t, b.process.Start())
	require.Eventually(b.t, func() bool {
		connection, err := net.Dial("tcp", b.address())
		if err == nil {
			connection.Close()
		}
		return err == nil
	}, patience, 10*time.Millisecond, "the broker listens")
}

func (b *broker) kill() {
	b.process.Process.Kill() //nolint:errcheck // it may have ended already
	b.process.Wait()         //nolint:errcheck // by SIGKILL
}

// serveKafka is the broker's process: it serves one topic of four partitions until it is killed.
func serveKafka() {
	port, err := strconv.Atoi(os.Getenv(brokerPort))
	if err == nil {
		_, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.SeedTopics(4, "stytch"),
			kfake.DataDir(os.Getenv(brokerDirectory)), kfake.SyncWrites(),
			kfake.GroupMinSessionTimeout(time.Second)) // so that a member which was killed is soon missed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}
