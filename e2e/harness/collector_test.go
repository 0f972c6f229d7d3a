package harness

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// script stands in for the collector, to test how its end is noticed.
func script(t *testing.T, body string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "collector")
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+body), 0o700))
	t.Setenv("OTELCOL_STYTCH", file)
}

func TestLaunchTellsHowToBuild(t *testing.T) {
	t.Setenv("OTELCOL_STYTCH", filepath.Join(t.TempDir(), "nothing"))
	_, err := Launch(t.Context(), Options{})
	require.ErrorContains(t, err, "make build")
	require.ErrorContains(t, err, "OTELCOL_STYTCH")
}

func TestLaunchNoticesAnEarlyEnd(t *testing.T) {
	script(t, `echo "Error: $WHY ($*)" >&2; exit 3`)
	start := time.Now()
	_, err := Launch(t.Context(), Options{
		Configs: []string{"a.yaml", "b.yaml"}, Env: map[string]string{"WHY": "no such key"}, Receiver: "127.0.0.1:" + Port(t),
	})
	require.ErrorContains(t, err, "it ended by itself: exit status 3")
	require.ErrorContains(t, err, "Error: no such key (--config a.yaml --config b.yaml)")
	require.Less(t, time.Since(start), readyWithin/2)
}

func TestPathIsInTheModule(t *testing.T) {
	require.FileExists(t, Path("go.mod"))
	require.FileExists(t, Path("examples/local/collector.yaml"))
}
