// Package harness runs the built collector and pushes events at it as Stytch does. The end-to-end
// tests use it with a testing.TB, `make run` without.
//
//	collector := harness.Start(t, harness.Options{
//		Configs: []string{harness.Path("examples/local/collector.yaml")},
//		Env:     map[string]string{"LISTEN": address, …},
//		Receiver: address,
//	})
//	reply, err := harness.Sender{URL: "http://" + address}.LokiPush(ctx, events)
//	…
//	collector.Stop()
//
// The binary is $OTELCOL_STYTCH, or build/otelcol-stytch at the module's root.
package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options says how to run the collector.
type Options struct {
	Configs   []string          // configuration files, a later one over an earlier one
	Arguments []string          // further ones of the command line
	Env       map[string]string // all of its environment
	Receiver  string            // host:port of the receiver, which tells when the collector is ready
	Directory string            // the working directory, if not this process's own
}

// Collector is a running collector.
type Collector struct {
	command *exec.Cmd
	output  Output
	done    chan struct{} // closed when the process has ended
	err     error         // how it ended; read it after done
}

// readyWithin bounds a start and a stop. Both take well under a second on an idle machine.
const readyWithin = 30 * time.Second

// Launch runs the collector and waits until its receiver answers. Whoever listens at the receiver's
// address before is an error that names it.
func Launch(ctx context.Context, options Options) (*Collector, error) {
	if err := Free(options.Receiver); err != nil {
		return nil, fmt.Errorf("starting the collector: %w", err)
	}
	c, err := Spawn(options)
	if err != nil {
		return nil, err
	}
	if err := c.ready(ctx, options.Receiver); err != nil {
		c.Kill()
		return nil, fmt.Errorf("starting the collector: %w\n%s", err, c.Output())
	}
	return c, nil
}

// Spawn runs the collector and waits for nothing: it may be killed in the middle of its start.
func Spawn(options Options) (*Collector, error) {
	arguments := slices.Clone(options.Arguments)
	for _, config := range options.Configs {
		arguments = append(arguments, "--config", config)
	}
	command, err := Command(options.Env, arguments...)
	if err != nil {
		return nil, err
	}
	c := &Collector{command: command, done: make(chan struct{})}
	command.Dir = options.Directory
	command.Stdout, command.Stderr = &c.output, &c.output
	command.SysProcAttr = child()
	started := make(chan error)
	go func() {
		// child asks for the collector's end with the thread that started it, so this thread stays.
		runtime.LockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			c.err = command.Wait()
			close(c.done)
		}
	}()
	return c, <-started
}

// Done is closed when the process has ended, by whatever cause.
func (c *Collector) Done() <-chan struct{} { return c.done }

// Stop ends the collector with SIGTERM and waits. The error tells if it did not exit with 0.
func (c *Collector) Stop() error {
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.done:
		return c.err
	case <-time.After(readyWithin):
		c.Kill()
		return errors.New("SIGTERM did not end the collector; killed it")
	}
}

// Kill ends the collector with SIGKILL and waits: a crash.
func (c *Collector) Kill() {
	c.command.Process.Kill() //nolint:errcheck // it may have ended already
	<-c.done
}

// Pid is the number of the process.
func (c *Collector) Pid() int { return c.command.Process.Pid }

// Goroutines ends the collector by SIGQUIT, at which Go writes down every goroutine, and counts
// them: those that HTTP connections have, idle ones too, and all others. It is the one way to count
// from outside: no metric of the collector's does.
func (c *Collector) Goroutines() (ofConnections, others int, err error) {
	before := len(c.Output())
	if err := c.command.Process.Signal(syscall.SIGQUIT); err != nil {
		return 0, 0, err
	}
	select {
	case <-c.done:
	case <-time.After(readyWithin):
		c.Kill()
		return 0, 0, errors.New("SIGQUIT did not end the collector; killed it")
	}
	for _, stack := range strings.Split(c.Output()[before:], "\ngoroutine ")[1:] {
		if strings.Contains(stack, "net/http.(*persistConn)") || strings.Contains(stack, "net/http.(*conn)") {
			ofConnections++
		} else {
			others++
		}
	}
	return ofConnections, others, nil
}

// Output is what the collector has written so far, on stdout and stderr.
func (c *Collector) Output() string { return c.output.String() }

// Command prepares a run of the built binary in the given environment.
func Command(env map[string]string, arguments ...string) (*exec.Cmd, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	command := exec.Command(binary, arguments...)
	command.Env = []string{} // nil would hand down all of ours
	for _, name := range slices.Sorted(maps.Keys(env)) {
		command.Env = append(command.Env, name+"="+env[name])
	}
	return command, nil
}

// Binary is the path of the built collector. The error tells how to build it.
func Binary() (string, error) {
	binary := os.Getenv("OTELCOL_STYTCH")
	if binary == "" {
		binary = Path("build/otelcol-stytch")
	}
	if _, err := os.Stat(binary); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no collector at %s: build it with `make build`, or name one in OTELCOL_STYTCH", binary)
	} else if err != nil {
		return "", err
	}
	return binary, nil
}

// Path is the path of a file of this module, wherever the caller runs.
func Path(name string) string {
	_, self, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(self), "..", "..", "..")
	return filepath.Join(root, filepath.FromSlash(name))
}

// Ports that tests give to servers: below those that Linux gives to outgoing connections (32768 to
// 60999 by default). A connection that happens to have a server's port keeps it from starting, and a
// test that restarts a server meets many connections.
const (
	firstPort = 15_000
	portCount = 17_000
)

var nextPort atomic.Uint32

// FreePort returns a loopback port that nobody listens on, and that this process has not had before.
// Several test processes begin at different places. It looks by dialling: a port that it listened on
// itself would stay taken, for a moment, by a process that another test is just starting.
func FreePort() (string, error) {
	for range portCount {
		n := uint32(os.Getpid())*101 + nextPort.Add(1)
		port := strconv.Itoa(int(firstPort + n%portCount))
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return port, nil
		}
		if err != nil {
			return "", err
		}
		conn.Close()
	}
	return "", errors.New("every port is taken")
}

// Output is a buffer for a process that writes while another reads.
type Output struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.content.Write(p)
}

// String is what was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(o.content.String())
}
