package harness

import (
	"testing"
)

// Process is a Collector that belongs to a test.
type Process struct {
	*Collector
	t       testing.TB
	stopped bool
}

// Start launches a collector for the length of a test. The test fails if the collector ends without
// being told to, or ends badly; what it wrote is shown only then.
func Start(t testing.TB, options Options) *Process {
	t.Helper()
	collector, err := Launch(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{Collector: collector, t: t}
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("the collector wrote:\n%s", p.Output())
		}
	})
	return p
}

// Stop ends the collector with SIGTERM and waits until it is gone, with a memory queue drained.
func (p *Process) Stop() {
	p.t.Helper()
	if p.stopped {
		return
	}
	p.stopped = true
	select {
	case <-p.Done():
		p.t.Errorf("the collector ended by itself: %s", p.command.ProcessState)
	default:
		if err := p.Collector.Stop(); err != nil {
			p.t.Errorf("stopping the collector: %v", err)
		}
	}
}

// Kill ends the collector with SIGKILL.
func (p *Process) Kill() {
	p.stopped = true
	p.Collector.Kill()
}

// Goroutines ends the collector and counts the goroutines it had.
func (p *Process) Goroutines() (ofConnections, others int) {
	p.t.Helper()
	p.stopped = true
	ofConnections, others, err := p.Collector.Goroutines()
	if err != nil {
		p.t.Fatalf("counting goroutines: %v", err)
	}
	return ofConnections, others
}

// Port returns a free loopback port.
func Port(t testing.TB) string {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Spawned launches a collector for a test to kill, and does not wait until it is ready.
func Spawned(t testing.TB, options Options) *Process {
	t.Helper()
	collector, err := Spawn(options)
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{Collector: collector, t: t}
	t.Cleanup(p.Kill)
	return p
}
