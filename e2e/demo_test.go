//go:build e2e

package e2e

import (
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

func TestDemo(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "run", "./e2e/demo", "-once", "-listen", "127.0.0.1:"+harness.Port(t))
	command.Dir = harness.Path("")
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))

	arrived := map[string]int{}
	for _, row := range tableRow.FindAllStringSubmatch(string(output), -1) {
		events, err := strconv.Atoi(row[2])
		require.NoError(t, err)
		arrived[row[1]] += events
	}
	n := len(testdata.Events())
	require.Equal(t, map[string]int{"Datadog": n, "Loki": n}, arrived, string(output))
}

var tableRow = regexp.MustCompile(`(?m)^(Datadog|Loki) +(?:ddsource=stytch service=stytch.auth ddtags=service:stytch.auth\S*|\{service_name="stytch.auth", source="stytch"\}) +(\d+) +\{.*$`)

// A server that is not ours has the demo's address, and answers as a collector would: it gets nothing.
func TestDemoKeepsAwayFromOthers(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	asked := make(chan string, 100)
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		w.WriteHeader(http.StatusNoContent)
	})}
	defer server.Close()
	go server.Serve(other) //nolint:errcheck // it ends by Close

	output, err := exec.CommandContext(t.Context(), buildDemo(t), "-once", "-listen", other.Addr().String()).CombinedOutput()
	require.Error(t, err, string(output))
	require.Contains(t, string(output), "another program listens on "+other.Addr().String())
	require.Contains(t, string(output), "make run LISTEN=localhost:9321")
	require.Empty(t, asked)
}

// A second demo ends with a reason, and the first goes on. Killed, the first leaves no collector.
func TestSecondDemo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux kills a child with its parent")
	}
	demo, address := buildDemo(t), "127.0.0.1:"+harness.Port(t)
	first, output := startDemo(t, exec.CommandContext(t.Context(), demo, "-listen", address))

	second, err := exec.CommandContext(t.Context(), demo, "-listen", address).CombinedOutput()
	require.Error(t, err, string(second))
	require.Contains(t, string(second), "another program listens on "+address)
	reply, err := harness.Sender{URL: "http://" + address, Username: "stytch", Password: "local"}.Object(t.Context(), testdata.Events()[0])
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, reply.Status, output.String())

	require.NoError(t, first.Process.Kill())
	becomesFree(t, address)
}

// make is killed: the demo it runs ends, and the collector with it.
func TestDemoEndsWithItsParent(t *testing.T) {
	address := "127.0.0.1:" + harness.Port(t)
	parent, _ := startDemo(t, exec.CommandContext(t.Context(), "sh", "-c", buildDemo(t)+" -with-parent -listen "+address+"; true"))
	require.NoError(t, parent.Process.Kill())
	becomesFree(t, address)
}

func buildDemo(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "demo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./e2e/demo")
	build.Dir = harness.Path("")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	return binary
}

// startDemo runs the command until its demo has printed what to try.
func startDemo(t *testing.T, command *exec.Cmd) (*exec.Cmd, *harness.Output) {
	t.Helper()
	output := &harness.Output{}
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.WaitDelay = time.Second // a child may hold the output
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		syscall.Kill(-command.Process.Pid, syscall.SIGTERM) //nolint:errcheck // it may have ended
		command.Wait()                                      //nolint:errcheck // it was told to end
	})
	require.Eventually(t, func() bool { return strings.Contains(output.String(), "Waiting for further events") }, time.Minute, 50*time.Millisecond, output)
	return command, output
}

// becomesFree waits until nobody listens at the address.
func becomesFree(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool { return harness.Free(address) == nil }, 20*time.Second, 50*time.Millisecond)
}
