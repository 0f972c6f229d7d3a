package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/load"
	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/process"
)

// The steps along which the cost of an event must not grow.
var (
	scaleRates       = []int{100, 1000, 10_000, 50_000, 100_000}
	scaleConnections = []int{1, 4, 16, 64}
	scaleProjects    = []int{1, 10, 100, 1000}
)

const (
	scaleBatch  = 100
	scaleFor    = 6 * time.Second // at each rate, but
	scaleEvents = 2000            // at least, or the clock's steps of 10 ms show
)

// scale measures whether an event costs more at another rate, over more connections or with more
// projects, to the floor and to the collector. It sends to Loki, with the queue in memory.
func (w *world) scale(ctx context.Context, o *options) error {
	floor, collector := &systems[0], &systems[1]
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n%s, batches of %d\tCPU µs/event\tfloor\tdelivered/s\tpeak RSS MB\trefused\tlost\tduplicated\t\n", collector.name, scaleBatch)
	step := func(name string, e effort, projects int, measure func(context.Context, *system, *load.Pool, effort) (measurement, error)) error {
		pool := build(e, scaleBatch, projects, false)
		f, err := measure(ctx, floor, pool, e)
		if err != nil {
			return err
		}
		m, err := measure(ctx, collector, pool, e)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %.1f µs/event\n", name, m.perEvent())
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.0f\t%.0f\t%d\t%d\t%d\t\n", name,
			m.perEvent(), f.perEvent(), m.delivered, float64(m.peak)/1e6, m.refused, m.lost, m.duplicated)
		return nil
	}
	e := o.effort
	e.latency = 0
	for _, rate := range scaleRates {
		paced := e
		paced.rate, paced.events = rate, max(scaleEvents, int(scaleFor.Seconds()*float64(rate)))
		if err := step(fmt.Sprintf("%d events/s offered", rate), paced, 1, w.atRate); err != nil {
			return err
		}
	}
	for _, connections := range scaleConnections {
		wide := e
		wide.connections = connections
		if err := step(fmt.Sprintf("%d connections at saturation", connections), wide, 1, w.measure); err != nil {
			return err
		}
	}
	for _, projects := range scaleProjects {
		if err := step(fmt.Sprintf("%d projects at saturation", projects), e, projects, w.measure); err != nil {
			return err
		}
	}
	return table.Flush()
}

// atRate is measure at a fixed rate instead of at saturation.
func (w *world) atRate(ctx context.Context, s *system, pool *load.Pool, e effort) (m measurement, err error) {
	return w.measured(ctx, s, pool, e, func(_ *process.Process, requests load.Range) (*load.Result, error) {
		return load.Pace(ctx, w.addresses.receiver, requests, latencyConnections, e.rate, time.Minute)
	})
}
