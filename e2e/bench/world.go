package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/process"
	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/sink"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// Credentials of this benchmark only: nothing listens beyond this machine.
const (
	username = "stytch"
	password = "bench"
)

// addresses are where the programs listen, each as host:port.
type addresses struct {
	receiver, sink, management string
	metricsPort                string
}

// world is what stands around the systems: the sink, a directory, and this program, which is also
// the sink and the floor.
type world struct {
	self      string // this program's file
	collector string // the collector's
	directory string
	addresses addresses
	sinking   *process.Process
	sink      sink.Client

	environment []string // the collector's
}

func newWorld(ctx context.Context) (w *world, err error) {
	w = &world{}
	if w.collector, err = harness.Binary(); err != nil {
		return nil, err
	}
	if w.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if w.directory, err = os.MkdirTemp("", "otelcol-stytch-bench-"); err != nil {
		return nil, err
	}
	ports := make([]string, 4)
	for i := range ports {
		if ports[i], err = harness.FreePort(); err != nil {
			return nil, err
		}
	}
	w.addresses = addresses{"127.0.0.1:" + ports[0], "127.0.0.1:" + ports[1], "127.0.0.1:" + ports[3], ports[2]}
	w.sink = sink.Client{URL: "http://" + w.addresses.sink}
	w.sinking, err = process.Start(ctx, exec.Command(w.self, roleSink, w.addresses.sink), w.addresses.sink, "/")
	if err != nil {
		os.RemoveAll(w.directory)
		return nil, err
	}
	return w, nil
}

func (w *world) close() {
	w.sinking.Stop()
	os.RemoveAll(w.directory)
}

// start starts a system. Its queue on disk is empty.
func (w *world) start(ctx context.Context, s *system) (*process.Process, error) {
	if s.isFloor() {
		command := exec.Command(w.self, roleFloor, w.addresses.receiver, w.sink.URL+sink.LokiPath)
		return process.Start(ctx, command, w.addresses.receiver, "/")
	}
	config, err := w.configure(s)
	if err != nil {
		return nil, err
	}
	p, err := w.launch(ctx, config)
	if err == nil {
		err = w.createStreams(ctx, s.streams)
	}
	return p, err
}

// launch starts the collector with a configuration, and what it has stored.
func (w *world) launch(ctx context.Context, config string) (*process.Process, error) {
	command := exec.Command(w.collector, "--config", config)
	command.Env = w.environment
	return process.Start(ctx, command, w.addresses.receiver, "/ready")
}

// configure writes a system's configuration file.
func (w *world) configure(s *system) (string, error) {
	storage := filepath.Join(w.directory, "storage")
	if err := errors.Join(os.RemoveAll(storage), os.Mkdir(storage, 0o700)); err != nil {
		return "", err
	}
	config := filepath.Join(w.directory, "collector.yaml")
	return config, os.WriteFile(config, []byte(s.config(w.addresses, storage)), 0o600)
}

// unknown tells why the binary cannot run a case that it may be too old for, or "".
func (w *world) unknown(s *system) (string, error) {
	if s.encoding == "" && !s.deduplicate {
		return "", nil
	}
	config, err := w.configure(s)
	if err != nil {
		return "", err
	}
	output, err := exec.Command(w.collector, "validate", "--config", config).CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &failed):
		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		return "the binary does not know it: " + strings.TrimSpace(lines[len(lines)-1]), nil
	default:
		return "", err
	}
}

// serve is what this program does as the sink or the floor, until its standard input ends.
func serve(address string, handler http.Handler) error {
	go func() {
		buffer := make([]byte, 1)
		for {
			if _, err := os.Stdin.Read(buffer); err != nil {
				_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
				return
			}
		}
	}()
	if err := http.ListenAndServe(address, handler); err != nil {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}
