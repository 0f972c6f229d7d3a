package main

import (
	"context"
	"fmt"
	"os"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/load"
)

// compare measures the chosen systems at each batch size and prints the table.
func (w *world) compare(ctx context.Context, o *options) error {
	chosen, err := choose(o.cases)
	if err != nil {
		return err
	}
	known := chosen[:0:0]
	for _, s := range chosen {
		reason, err := w.unknown(&s)
		if err != nil {
			return err
		}
		if reason != "" {
			fmt.Printf("leaving out %q: %s\n", s.name, reason)
			continue
		}
		known = append(known, s)
	}
	var results []result
	for _, batch := range o.batches {
		e := o.effort.of(batch)
		pool := build(e, batch, 1, false)
		fmt.Println(pool)
		at := len(results)
		for _, s := range known {
			results = append(results, result{name: s.name, batch: batch})
		}
		for round := range o.rounds {
			for i := range known {
				r := &results[at+i]
				m, err := w.measure(ctx, &known[i], pool, e)
				if err != nil {
					return err
				}
				r.rounds = append(r.rounds, m)
				fmt.Printf("round %d: %s, batches of %d: %.1f µs/event\n", round+1, r.name, batch, m.perEvent())
			}
		}
		for i := range known {
			results[at+i].floor = results[at].rounds
		}
	}
	fmt.Println()
	printTable(os.Stdout, results)
	return nil
}

// single is the batch size from which requests are cheap enough that the number of events decides
// how long a run takes. Below it the number of requests does.
const single = 10

// of is the effort for a batch size.
func (e effort) of(batch int) effort {
	if batch < single {
		e.events, e.warmUp = e.events/single*batch, e.warmUp/single*batch
	}
	return e
}

func build(e effort, batch, projects int, apart bool) *load.Pool {
	return load.Build(load.Shape{
		Requests: e.requests(batch), Batch: batch, Projects: projects, Apart: apart,
		Username: username, Password: password,
	})
}
