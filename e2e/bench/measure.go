package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/load"
	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/process"
)

// effort is how much is sent.
type effort struct {
	connections int
	warmUp      int           // events before anything is measured
	events      int           // at most, at saturation
	limit       time.Duration // at most, at saturation
	rate        int           // events a second, for latency
	latency     time.Duration // how long at that rate; 0 for not at all
}

// requests is how many requests of a batch size one measurement can take.
func (e *effort) requests(batch int) int {
	n := 0
	for _, events := range []int{e.warmUp, e.events, int(e.latency.Seconds() * float64(e.rate))} {
		n += (events + batch - 1) / batch
	}
	return n
}

// measurement is one round of one system.
type measurement struct {
	events       int           // acknowledged in the measured phase
	cpu          time.Duration // of the system, until all of them had arrived
	acknowledged float64       // events a second
	delivered    float64       // events a second
	refused      int           // requests
	peak, idle   int           // resident memory, in bytes
	latencies    []time.Duration
	lost         int // of all that were acknowledged, warm-up included
	duplicated   int
}

// perEvent is the CPU time of an event, in microseconds.
func (m *measurement) perEvent() float64 {
	return float64(m.cpu.Nanoseconds()) / 1000 / float64(max(1, m.events))
}

// measure starts a system, warms it up, saturates it, paces it, and stops it.
func (w *world) measure(ctx context.Context, s *system, pool *load.Pool, e effort) (measurement, error) {
	return w.measured(ctx, s, pool, e, func(_ *process.Process, requests load.Range) (*load.Result, error) {
		return load.Saturate(ctx, w.addresses.receiver, requests, e.connections, e.limit)
	})
}

// measured is measure with another way to send in the measured phase.
func (w *world) measured(ctx context.Context, s *system, pool *load.Pool, e effort,
	send func(*process.Process, load.Range) (*load.Result, error),
) (m measurement, err error) {
	pool.Reset()
	if err := w.sink.Reset(pool.Events()); err != nil {
		return m, err
	}
	p, err := w.start(ctx, s)
	if err != nil {
		return m, err
	}
	defer p.Stop()
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", s.name, err, p.Output())
		}
	}()
	if m.idle, err = p.Resident(); err != nil {
		return m, err
	}
	address := w.addresses.receiver
	warmUp, err := load.Saturate(ctx, address, pool.Take(e.warmUp), e.connections, e.limit)
	if err != nil {
		return m, err
	}
	sent := warmUp.Events()
	if err := w.await(ctx, s, sent); err != nil {
		return m, err
	}

	run, err := w.during(p, &m, func() (*load.Result, error) {
		run, err := send(p, pool.Take(e.events))
		if err != nil {
			return nil, err
		}
		sent += run.Events()
		return run, w.await(ctx, s, sent)
	})
	if err != nil {
		return m, err
	}

	var paced *load.Result
	if e.latency > 0 {
		requests := pool.Take(int(e.latency.Seconds() * float64(e.rate)))
		if paced, err = load.Pace(ctx, address, requests, latencyConnections, e.rate, 2*e.latency); err != nil {
			return m, err
		}
		sent += paced.Events()
	}
	if err := w.await(ctx, s, sent); err != nil {
		return m, err
	}
	return m, w.account(s, &m, warmUp, run, paced)
}

// latencyConnections is how many connections a fixed rate can use: enough that none is waited for.
const latencyConnections = 32

// during reads what the process takes while run runs.
func (w *world) during(p *process.Process, m *measurement, run func() (*load.Result, error)) (*load.Result, error) {
	if err := p.ResetPeak(); err != nil {
		return nil, err
	}
	before, err := p.CPU()
	if err != nil {
		return nil, err
	}
	result, err := run()
	if err != nil {
		return nil, err
	}
	after, err := p.CPU()
	if err != nil {
		return nil, err
	}
	m.cpu = after - before
	m.events, m.refused = result.Events(), result.Refused
	m.acknowledged = float64(m.events) / result.Ended.Sub(result.Began).Seconds()
	m.peak, err = p.Peak()
	return result, err
}

// arrivedWithin is how long nothing may arrive before what is missing counts as lost.
const arrivedWithin = 10 * time.Second

// await waits until so many events have arrived at each of a system's destinations, or no more come.
func (w *world) await(ctx context.Context, s *system, events int) error {
	for _, destination := range s.targets() {
		at, seen := time.Now(), -1
		for seen < events && time.Since(at) < arrivedWithin {
			counts, err := w.sink.Counts(destination)
			if err != nil {
				return err
			}
			if counts.Events > seen {
				at, seen = time.Now(), counts.Events
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

// account fills in what only the arrivals tell.
func (w *world) account(s *system, m *measurement, warmUp, run, paced *load.Result) error {
	var arrivals []int64
	for _, destination := range s.targets() {
		counts, err := w.sink.Counts(destination)
		if err != nil {
			return err
		}
		if counts.Strange > 0 {
			return fmt.Errorf("%d events arrived in %s that nobody sent", counts.Strange, destination)
		}
		m.duplicated += counts.Duplicates
		times, err := w.sink.Arrivals(destination)
		if err != nil {
			return err
		}
		arrivals = latest(arrivals, times)
	}
	last := int64(0)
	eachSent(run, func(sequence int, _ int64) { last = max(last, arrivals[sequence]) })
	if took := time.Unix(0, last).Sub(run.Began); took > 0 {
		m.delivered = float64(m.events) / took.Seconds()
	}
	for _, result := range []*load.Result{warmUp, run, paced} {
		eachSent(result, func(sequence int, at int64) {
			switch {
			case arrivals[sequence] == 0:
				m.lost++
			case result == paced:
				m.latencies = append(m.latencies, time.Duration(arrivals[sequence]-at))
			}
		})
	}
	slices.Sort(m.latencies)
	return nil
}

// latest is, by sequence number, when an event had arrived at both destinations; 0 where it is
// missing at one.
func latest(a, b []int64) []int64 {
	if len(a) == 0 {
		return b
	}
	for i := range a {
		if a[i] == 0 || b[i] == 0 {
			a[i] = 0
		} else {
			a[i] = max(a[i], b[i])
		}
	}
	return a
}

// eachSent calls each with the sequence number of every acknowledged event and when it was sent.
func eachSent(result *load.Result, each func(sequence int, at int64)) {
	if result == nil {
		return
	}
	for i, at := range result.Sent {
		if at == 0 {
			continue
		}
		first, end := result.Sequences(result.First + i)
		for sequence := first; sequence < end; sequence++ {
			each(sequence, at)
		}
	}
}
