//go:build e2e

package examples

import (
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// broker is a Kafka broker in a process of its own, tools/kafka, with its log on disk.
type broker struct {
	t               *testing.T
	binary          string
	port, directory string
	process         *exec.Cmd
	output          harness.Output
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{t: t, binary: filepath.Join(t.TempDir(), "kafka"), port: harness.Port(t), directory: t.TempDir()}
	build := exec.CommandContext(t.Context(), "go", "build", "-C", harness.Path("tools/kafka"), "-o", b.binary, ".")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
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
	b.process = exec.Command(b.binary, b.port, b.directory, "stytch")
	b.process.Stdout, b.process.Stderr = &b.output, &b.output
	require.NoError(b.t, b.process.Start())
	require.Eventually(b.t, func() bool {
		connection, err := net.Dial("tcp", b.address())
		if err == nil {
			connection.Close()
		}
		return err == nil
	}, patience, patience/1000, "the broker listens")
}

func (b *broker) kill() {
	b.process.Process.Kill() //nolint:errcheck // it may have ended already
	b.process.Wait()         //nolint:errcheck // by SIGKILL
}
