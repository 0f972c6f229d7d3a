package harness

import (
	"net"
	"net/http"
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
	_, err := Launch(t.Context(), Options{Receiver: "127.0.0.1:" + Port(t)})
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

func TestLaunchRefusesATakenAddress(t *testing.T) {
	script(t, "sleep 60")
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		other, err := net.Listen("tcp", listen)
		require.NoError(t, err)
		defer other.Close()
		_, port, err := net.SplitHostPort(other.Addr().String())
		require.NoError(t, err)
		_, err = Launch(t.Context(), Options{Receiver: "localhost:" + port})
		require.ErrorContains(t, err, "another program listens on localhost:"+port)
	}
}

// Another program takes the address after the collector has been started, and answers /ready.
func TestLaunchTakesNoOtherForItsOwn(t *testing.T) {
	running := filepath.Join(t.TempDir(), "running")
	script(t, `touch "$RUNNING"; sleep 1; echo "address already in use"; exit 1`)
	address := "127.0.0.1:" + Port(t)
	answered := make(chan struct{}, 1000)
	other := http.Server{Addr: address, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { answered <- struct{}{} })}
	defer other.Close()
	go func() {
		for _, err := os.Stat(running); err != nil; _, err = os.Stat(running) {
			time.Sleep(time.Millisecond)
		}
		other.ListenAndServe() //nolint:errcheck // it ends by Close
	}()
	_, err := Launch(t.Context(), Options{Receiver: address, Env: map[string]string{"RUNNING": running, "PATH": os.Getenv("PATH")}})
	require.ErrorContains(t, err, "it ended by itself: exit status 1")
	require.ErrorContains(t, err, "address already in use")
	require.NotEmpty(t, answered, "the other program has been asked")
}
