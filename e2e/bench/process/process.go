// Package process runs the programs of a benchmark and reads what they take from the machine.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// patience bounds a start and a stop.
const patience = 30 * time.Second

// Process is a running program.
type Process struct {
	command *exec.Cmd
	stdin   io.Closer
	output  harness.Output
	done    chan struct{} // closed when it has ended
}

// Start runs a program and waits until it answers on an address. A program that reads its standard
// input ends when this one does, however this one ends.
func Start(ctx context.Context, command *exec.Cmd, address, readyPath string) (*Process, error) {
	p := &Process{command: command, done: make(chan struct{})}
	command.Stdout, command.Stderr = &p.output, &p.output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for us alone
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = command.Wait()
		close(p.done)
	}()
	if err := p.ready(ctx, "http://"+address+readyPath); err != nil {
		p.Stop()
		return nil, fmt.Errorf("starting %s: %w\n%s", command.Path, err, p.Output())
	}
	return p, nil
}

func (p *Process) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode != http.StatusServiceUnavailable {
				return nil
			}
			err = errors.New(answer.Status)
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended by itself: %s", p.command.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop ends the program: with SIGTERM, and if that does not help with SIGKILL.
func (p *Process) Stop() {
	p.stdin.Close()
	if err := p.command.Process.Signal(syscall.SIGTERM); err == nil {
		select {
		case <-p.done:
			return
		case <-time.After(patience):
		}
	}
	_ = p.command.Process.Kill() // it may have ended already
	<-p.done
}

// Signal sends a signal to the program.
func (p *Process) Signal(signal os.Signal) error { return p.command.Process.Signal(signal) }

// Output is what the program has written so far, on stdout and stderr.
func (p *Process) Output() string { return p.output.String() }
