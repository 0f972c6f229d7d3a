package process

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUsageIsTheProcessesOwn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process takes is read from /proc")
	}
	before, err := cpu(os.Getpid())
	require.NoError(t, err)
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
		runtime.Gosched()
	}
	after, err := cpu(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, after, before)
	require.Less(t, after-before, 5*time.Second)

	resident, err := status(os.Getpid(), "VmRSS:")
	require.NoError(t, err)
	require.Greater(t, resident, 1<<20)
}

func TestStartTellsWhyAProgramEnded(t *testing.T) {
	_, err := Start(t.Context(), exec.Command("sh", "-c", "echo no such port >&2; exit 3"), "127.0.0.1:1", "/")
	require.ErrorContains(t, err, "it ended by itself: exit status 3")
	require.ErrorContains(t, err, "no such port")
}
