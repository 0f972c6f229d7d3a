// Package realloki runs a Grafana Loki of its own for tests: what an exporter
// is to do with Loki's answers is proven against Loki, not against an idea of
// it. The tests need the tag e2e_loki: `make e2e-loki`.
package realloki

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// readyWithin bounds a start: half a second on an idle machine.
const readyWithin = 60 * time.Second

// Loki is a process that can be killed and started again on the same data and
// at the same address.
type Loki struct {
	URL string // http://127.0.0.1:port

	binary, data string
	ports        [2]string
	process      *exec.Cmd
	done         chan struct{}
	log          bytes.Buffer // of the process; read it after done
}

// Binary is the path of the Loki that tools/loki/go.mod pins, or of the one
// that $LOKI names. Where it has not been built yet this takes ten minutes.
func Binary() (string, error) {
	if named := os.Getenv("LOKI"); named != "" {
		return named, nil
	}
	command := exec.Command("go", "tool", "-n", "loki")
	command.Dir = harness.Path("tools/loki")
	path, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("building Loki in %s: %w", command.Dir, err)
	}
	return strings.TrimSpace(string(path)), nil
}

// New prepares a Loki that keeps its data in a folder.
func New(data string) (*Loki, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	l := &Loki{binary: binary, data: data}
	for i := range l.ports {
		if l.ports[i], err = harness.FreePort(); err != nil {
			return nil, err
		}
	}
	l.URL = "http://127.0.0.1:" + l.ports[0]
	return l, nil
}

// Start runs the process and waits until it is ready.
func (l *Loki) Start(ctx context.Context) error {
	l.process = exec.Command(l.binary, "-config.expand-env=true", "-config.file="+harness.Path("e2e/realloki/loki.yaml"))
	l.process.Env = []string{
		"HOME=" + l.data, "LOKI_DATA=" + filepath.ToSlash(l.data), "LOKI_TENANTS=" + harness.Path("e2e/realloki/tenants.yaml"),
		"LOKI_HTTP_PORT=" + l.ports[0], "LOKI_GRPC_PORT=" + l.ports[1],
	}
	l.process.Dir = l.data
	l.process.Stdout, l.process.Stderr = &l.log, &l.log
	if err := l.process.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	l.done = done
	go func() {
		l.process.Wait() //nolint:errcheck // it is told by ready, or has been killed
		close(done)
	}()
	if err := l.ready(ctx); err != nil {
		l.Kill()
		return fmt.Errorf("starting Loki: %w\n%s", err, l.Log())
	}
	return nil
}

func (l *Loki) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL+"/ready", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-l.done:
			return errors.New("it ended by itself")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends the process with SIGKILL and waits: a crash.
func (l *Loki) Kill() {
	l.process.Process.Kill() //nolint:errcheck // it may have ended already
	<-l.done
}

// Log is what the process wrote until it was killed.
func (l *Loki) Log() string { return l.log.String() }
