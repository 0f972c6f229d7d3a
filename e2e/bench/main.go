// Bench measures what the built collector takes from the machine, against the least that the same
// job can take.
//
//	make bench-system                             every case: about 20 minutes
//	make bench-system BENCH=-quick                the main ones: less than 2
//	go run ./e2e/bench -cases "loki memory,both memory" -batches 100 -rounds 5
//	go run ./e2e/bench -scale                     rates, connections, projects
//	go run ./e2e/bench -streams                   managed streams beside the static exporter, and 1,000 of them
//	go run ./e2e/bench -profile "loki memory"     where the microseconds go
//	go run ./e2e/bench -env GOGC=400 -batches 100 with other settings of the collector's runtime
//
// Three programs run, on loopback: this one, which sends (package load); a sink in a process of its
// own, which takes what arrives (package sink); and between them the system under test, which is
// the collector's binary or the floor (package floor). CPU time and memory are the system's alone,
// read from /proc, from the first request of the measured phase until its last event has arrived.
// Each round starts every system anew, one after the other and the floor first, and a ratio compares
// a system with the floor of the same round. Linux only.
//
// The floor passes each request on as it is, while the collector gathers the events of 200 ms, up to
// 1,000, for one. That is what a collector is for, and it shows where a request holds one event.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/floor"
	"github.com/otelcol-stytch/otelcol-stytch/e2e/bench/sink"
)

// The roles of this program other than to measure, as its first argument.
const (
	roleSink  = "sink"
	roleFloor = "floor"
)

// options are the flags.
type options struct {
	cases   string
	batches []int
	rounds  int
	effort  effort
	scale   bool
	streams bool
	profile string
	env     string
	list    bool
}

// environment is the collector's: ours, and what -env adds.
func (o *options) environment() []string {
	environment := os.Environ()
	if o.env != "" {
		environment = append(environment, strings.Split(o.env, ",")...)
	}
	return environment
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 2 && arguments[0] == roleSink:
		return serve(arguments[1], sink.Handler())
	case len(arguments) == 3 && arguments[0] == roleFloor:
		return serve(arguments[1], floor.Handler(arguments[2]))
	}
	o, err := parse(arguments)
	if err != nil {
		return err
	}
	if o.list {
		for _, s := range systems {
			fmt.Println(s.name)
		}
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	w.environment = o.environment()
	switch {
	case o.profile != "":
		return w.profile(ctx, o)
	case o.scale:
		return w.scale(ctx, o)
	case o.streams:
		return w.streams(ctx, o)
	default:
		if err := w.compare(ctx, o); err != nil || o.cases != "" || o.rounds == 1 {
			return err
		}
		if err := w.scale(ctx, o); err != nil {
			return err
		}
		return w.streams(ctx, o)
	}
}

func parse(arguments []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "a few cases, one round: less than 2 minutes")
	batches := flags.String("batches", "1,100,1000", "events a request")
	flags.StringVar(&o.cases, "cases", "", "cases, separated by commas; all if empty")
	flags.BoolVar(&o.list, "list", false, "list the cases")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds; figures are their medians")
	flags.IntVar(&o.effort.connections, "connections", 8, "connections at saturation")
	flags.IntVar(&o.effort.warmUp, "warm-up", 10_000, "events before anything is measured")
	flags.IntVar(&o.effort.events, "events", 90_000, "events at saturation; the queues hold 100,000")
	flags.DurationVar(&o.effort.limit, "duration", 5*time.Second, "how long at saturation, if the events last")
	flags.IntVar(&o.effort.rate, "rate", 2000, "events a second for latency")
	flags.DurationVar(&o.effort.latency, "latency", 2*time.Second, "how long at that rate; 0 leaves it out")
	flags.BoolVar(&o.scale, "scale", false, "only whether the cost of an event grows with rate, connections or projects")
	flags.BoolVar(&o.streams, "streams", false, "only what managed streams cost")
	flags.StringVar(&o.profile, "profile", "", "a case to take a CPU profile of")
	flags.StringVar(&o.env, "env", "", "variables of the collector's environment, such as GOGC=200,GOMAXPROCS=1")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if *quick {
		o.rounds, o.cases = 1, "loki memory,datadog memory,both memory,loki disk"
		if *batches == "1,100,1000" {
			*batches = "1,100"
		}
	}
	for batch := range strings.SplitSeq(*batches, ",") {
		n, err := strconv.Atoi(batch)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-batches: want numbers such as 1,100,1000, got %q", *batches)
		}
		o.batches = append(o.batches, n)
	}
	if o.rounds < 1 || o.effort.connections < 1 || o.effort.rate < 1 {
		return nil, errors.New("-rounds, -connections and -rate: must be at least 1")
	}
	return o, nil
}
