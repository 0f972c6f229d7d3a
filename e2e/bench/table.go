package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// result is all rounds of one system, the n-th beside the n-th of the floor.
type result struct {
	name   string
	batch  int
	rounds []measurement
	floor  []measurement
}

var columns = "case\tbatch\tCPU µs/event\t(rounds)\t× floor\tacknowledged/s\tdelivered/s\tpeak RSS MB\tidle RSS MB\tp50 ms\tp99 ms\trefused\tlost\tduplicated"

// printTable prints a row for each result.
func printTable(w io.Writer, results []result) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, columns+"\t")
	for i := range results {
		r := &results[i]
		p50, p99 := r.latency(0.50), r.latency(0.99)
		fmt.Fprintf(table, "%s\t%d\t%.1f\t(%s)\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t%s\t%d\t%d\t%d\t\n",
			r.name, r.batch, r.median((*measurement).perEvent), r.spread(), r.ratio(),
			r.median(func(m *measurement) float64 { return m.acknowledged }),
			r.median(func(m *measurement) float64 { return m.delivered }),
			r.median(func(m *measurement) float64 { return float64(m.peak) / 1e6 }),
			r.median(func(m *measurement) float64 { return float64(m.idle) / 1e6 }),
			p50, p99,
			r.sum(func(m *measurement) int { return m.refused }),
			r.sum(func(m *measurement) int { return m.lost }),
			r.sum(func(m *measurement) int { return m.duplicated }))
	}
	table.Flush()
}

// ratio is the median of the rounds' own ratios: what troubles the machine for longer than a round
// troubles the floor as well.
func (r *result) ratio() float64 {
	var ratios []float64
	for i := range min(len(r.rounds), len(r.floor)) {
		ratios = append(ratios, r.rounds[i].perEvent()/r.floor[i].perEvent())
	}
	return median(ratios)
}

func (r *result) median(of func(*measurement) float64) float64 {
	var values []float64
	for i := range r.rounds {
		values = append(values, of(&r.rounds[i]))
	}
	return median(values)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}

func (r *result) sum(of func(*measurement) int) int {
	sum := 0
	for i := range r.rounds {
		sum += of(&r.rounds[i])
	}
	return sum
}

// spread is the least and the most CPU time of a round.
func (r *result) spread() string {
	least, most := r.rounds[0].perEvent(), r.rounds[0].perEvent()
	for i := range r.rounds {
		least, most = min(least, r.rounds[i].perEvent()), max(most, r.rounds[i].perEvent())
	}
	return fmt.Sprintf("%.1f–%.1f", least, most)
}

// latency is the quantile over the events of all rounds, in milliseconds.
func (r *result) latency(quantile float64) string {
	var all []time.Duration
	for i := range r.rounds {
		all = append(all, r.rounds[i].latencies...)
	}
	if len(all) == 0 {
		return "–"
	}
	slices.Sort(all)
	at := all[min(len(all)-1, int(quantile*float64(len(all))))]
	return fmt.Sprintf("%.1f", float64(at.Microseconds())/1000)
}
