package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/load"
	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/process"
	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/sink"
)

const (
	apiKey          = "0123456789abcdef0123456789abcdef"
	workspaceKey    = "workspace-key-bench"
	workspaceSecret = "workspace-secret-of-the-benchmark"
)

// managedSystems are measured by streams alone: each needs a load of as many projects.
var managedSystems = []system{
	{name: "datadog memory, 1 stream", destinations: []string{sink.Datadog}, streams: 1},
	{name: "datadog memory, 50 streams", destinations: []string{sink.Datadog}, streams: 50},
	{name: "datadog memory, 1000 streams", destinations: []string{sink.Datadog}, streams: 1000},
	{name: "datadog disk, 1000 streams", destinations: []string{sink.Datadog}, streams: 1000, persistent: true},
}

// manage writes the extension of a managed system.
func (s *system) manage(line func(int, string, ...any), addresses addresses, directory string) {
	line(1, "file_storage/management: {directory: %q, create_directory: true}", filepath.Join(directory, "streams"))
	line(1, "stytch_management:")
	line(2, "http: {endpoint: %q}", addresses.management)
	line(2, "workspace_keys: [{id: %s, secret: %s}]", workspaceKey, workspaceSecret)
	line(2, "storage: file_storage/management")
}

// createStreams makes so many streams that are on, one for each project of the load.
func (w *world) createStreams(ctx context.Context, n int) error {
	for i := range n {
		project := load.Project(i)
		for _, call := range [][2]string{
			{"", fmt.Sprintf(`{"project_id":%q,"destination_type":"DATADOG","destination_config":{"datadog":{"site":"US","api_key":%q}}}`, project, apiKey)},
			{"/" + project + "/DATADOG/enable", ""},
		} {
			if err := w.post(ctx, "/streaming/v1/streams"+call[0], call[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) post(ctx context.Context, path, body string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.addresses.management+path, bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	request.SetBasicAuth(workspaceKey, workspaceSecret)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: %s", path, answer.Status)
	}
	return nil
}

// streams measures what an event costs with 1, 50 and 1,000 managed streams beside the static
// exporter that gets the same load, and what 1,000 streams take of the machine.
func (w *world) streams(ctx context.Context, o *options) error {
	static, err := choose("datadog memory")
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\nbatches of %d, each of one project\tCPU µs/event\tstatic\t×\tdelivered/s\tpeak RSS MB\tlost\tduplicated\t\n", scaleBatch)
	e := o.effort
	e.latency = 0
	for i := range managedSystems {
		s := &managedSystems[i]
		if s.persistent {
			continue
		}
		pool := build(e, scaleBatch, s.streams, true)
		beside, own := result{name: static[1].name}, result{name: s.name}
		for round := range o.rounds {
			for _, r := range []struct {
				system *system
				into   *result
			}{{&static[1], &beside}, {s, &own}} {
				m, err := w.measure(ctx, r.system, pool, e)
				if err != nil {
					return err
				}
				r.into.rounds = append(r.into.rounds, m)
				fmt.Printf("round %d: %s, load of %d projects: %.1f µs/event\n", round+1, r.system.name, s.streams, m.perEvent())
			}
		}
		own.floor = beside.rounds
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.2f\t%.0f\t%.0f\t%d\t%d\t\n", s.name,
			own.median((*measurement).perEvent), beside.median((*measurement).perEvent), own.ratio(),
			own.median(func(m *measurement) float64 { return m.delivered }),
			own.median(func(m *measurement) float64 { return float64(m.peak) / 1e6 }),
			own.sum(func(m *measurement) int { return m.lost }), own.sum(func(m *measurement) int { return m.duplicated }))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(table, "\ncase\tcreate s\tstart s\tRSS MB\tdescriptors\tgoroutines\tidle CPU %%\t\n")
	for i := range managedSystems {
		if err := w.footprint(ctx, &managedSystems[i], table); err != nil {
			return err
		}
	}
	return table.Flush()
}

// idleFor is how long the CPU of idle streams is measured: 10 ms are a step of the clock.
const idleFor = 10 * time.Second

// footprint measures streams of which each has had an event, and how long a start with them takes
// until the first event of each is delivered.
func (w *world) footprint(ctx context.Context, s *system, table *tabwriter.Writer) (err error) {
	config, err := w.configure(s)
	if err != nil {
		return err
	}
	p, err := w.launch(ctx, config)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, errors.New(p.Output()))
		}
		p.Stop()
	}()
	began := time.Now()
	if err := w.createStreams(ctx, s.streams); err != nil {
		return err
	}
	created := time.Since(began)
	if err := w.touch(ctx, s); err != nil {
		return err
	}
	p.Stop()

	began = time.Now()
	if p, err = w.launch(ctx, config); err != nil {
		return err
	}
	if err := w.touch(ctx, s); err != nil {
		return err
	}
	started := time.Since(began)
	idle, resident, descriptors, err := w.idle(p)
	if err != nil {
		return err
	}
	goroutines, err := p.Goroutines()
	if err != nil {
		return err
	}
	fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.0f\t%d\t%d\t%.1f\t\n", s.name, created.Seconds(), started.Seconds(), float64(resident)/1e6, descriptors, goroutines, idle)
	return nil
}

// touch sends one event to each stream, and waits until all have arrived.
func (w *world) touch(ctx context.Context, s *system) error {
	pool := load.Build(load.Shape{Requests: s.streams, Batch: 1, Projects: s.streams, Username: username, Password: password})
	if err := w.sink.Reset(pool.Events()); err != nil {
		return err
	}
	run, err := load.Saturate(ctx, w.addresses.receiver, pool.Take(pool.Events()), latencyConnections, time.Minute)
	if err != nil {
		return err
	}
	if err := w.await(ctx, s, run.Events()); err != nil {
		return err
	}
	counts, err := w.sink.Counts(sink.Datadog)
	if err == nil && counts.Events != s.streams {
		err = fmt.Errorf("%d of %d events have arrived", counts.Events, s.streams)
	}
	return err
}

// idle returns what a program takes that has nothing to do: of one core in percent, and of memory.
func (w *world) idle(p *process.Process) (percent float64, resident, descriptors int, err error) {
	time.Sleep(2 * time.Second) // what the start has left
	before, err := p.CPU()
	if err != nil {
		return 0, 0, 0, err
	}
	time.Sleep(idleFor)
	after, err := p.CPU()
	if err != nil {
		return 0, 0, 0, err
	}
	if resident, err = p.Resident(); err != nil {
		return 0, 0, 0, err
	}
	descriptors, err = p.Descriptors()
	return 100 * (after - before).Seconds() / idleFor.Seconds(), resident, descriptors, err
}
