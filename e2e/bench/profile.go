package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/load"
	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/process"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

// profileTimes is by how much longer a profiled run is: the profiler looks a hundred times a second.
const profileTimes = 5

// profile runs one case in a collector that writes a CPU profile of the measured phase, and prints
// where an event's microseconds went.
func (w *world) profile(ctx context.Context, o *options) error {
	chosen, err := choose(o.profile)
	if err != nil {
		return err
	}
	if len(chosen) != 2 {
		return errors.New("-profile: want one case, and not the floor")
	}
	s := &chosen[1]
	if w.collector, err = w.buildProfiled(ctx); err != nil {
		return err
	}
	for _, batch := range o.batches {
		file, err := filepath.Abs(filepath.Join("build", fmt.Sprintf("%s-%d.pprof", strings.ReplaceAll(s.name, " ", "-"), batch)))
		if err != nil {
			return err
		}
		w.environment = append(o.environment(), "BENCH_CPUPROFILE="+file)
		e := o.effort.of(batch)
		e.latency = 0
		portion := e.events
		e.events *= profileTimes
		pool := build(e, batch, 1, false)
		m, err := w.measured(ctx, s, pool, e, func(p *process.Process, requests load.Range) (*load.Result, error) {
			return w.profiled(ctx, s, p, requests.Portions(portion), e)
		})
		if err != nil {
			return err
		}
		stages, err := readProfile(ctx, file)
		if err != nil {
			return err
		}
		fmt.Printf("\n%s, batches of %d: %.1f µs/event, %.0f events/s; go tool pprof %s\n", s.name, batch, m.perEvent(), m.delivered, file)
		stages.print(os.Stdout, m.perEvent())
	}
	return nil
}

// profiled sends with the profile on, a portion at a time: a queue that fills would refuse, and what
// is sent again would stand in the profile as well.
func (w *world) profiled(ctx context.Context, s *system, p *process.Process, portions []load.Range, e effort) (*load.Result, error) {
	if err := p.Signal(syscall.SIGUSR1); err != nil {
		return nil, err
	}
	defer func() {
		_ = p.Signal(syscall.SIGUSR2) // if it has ended, there is no profile
		time.Sleep(500 * time.Millisecond)
	}()
	var whole *load.Result
	for _, portion := range portions {
		run, err := load.Saturate(ctx, w.addresses.receiver, portion, e.connections, e.limit)
		if err != nil {
			return nil, err
		}
		whole = whole.Join(run)
		if err := w.await(ctx, s, whole.Events()+e.warmUp); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

// buildProfiled builds the collector once more, as the builder does but with the hook.
func (w *world) buildProfiled(ctx context.Context) (string, error) {
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		harness.Path("build/profile.go"): harness.Path("e2e/bench/_hook/profile.go"),
	}})
	if err != nil {
		return "", err
	}
	overlayFile, binary := filepath.Join(w.directory, "overlay.json"), filepath.Join(w.directory, "collector")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		return "", err
	}
	fmt.Println("building the collector with a profiler …")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-overlay", overlayFile, "-o", binary, ".")
	command.Dir = harness.Path("build")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the collector with a profiler: %w\n%s", err, output)
	}
	return binary, nil
}
