package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A stage is a part of the way of an event. A sample of the profile belongs to the first stage that
// one of its functions names, looked for from the innermost function out.
type stage struct {
	name      string
	functions []string // parts of their names
}

// The innermost function tells what was done, so work that every stage does, such as allocating,
// stands first and apart. A package of ours stands by its path behind all that stands out in it, so
// that a function with a new name stays where its package is. jsonscan has no stage: it works for
// whoever calls it.
var stages = []stage{
	{"collect garbage", []string{"runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcAssistAlloc"}},
	{"allocate", []string{"runtime.mallocgc", "runtime.growslice", "runtime.makeslice", "runtime.newobject"}},
	{"gunzip", []string{"internal/inflate."}},
	{"gzip", []string{"internal/deflate.", "compress/s2", "hash/crc32"}},
	{"sync to disk", []string{"bbolt", "filestorage"}},
	{"queue items from and to bytes", []string{
		"UnmarshalProto", "MarshalProto", "SizeProto", "queuebatch.(*persistentQueue", "internal/queuestore.",
		"internal/payload.QueueEncoding", "internal/payload.(*decoder)",
	}},
	{"read the push", []string{"internal/lokipush.(*Request)"}},
	{"scan the event, build the record", []string{"internal/stytch."}},
	{"encode", []string{"internal/lokipush.", "exporter/lokiexporter.", "exporter/datadoglogsexporter.", "internal/payload.(*Builder)"}},
	{"put payloads together", []string{"internal/payload."}},
	{"process", []string{"processor/stytchprocessor."}},
	{"fan out", []string{"fanoutconsumer"}},
	{"queue and batch", []string{"exporterhelper/internal/queue", "internal/groupcommit."}},
	{"authenticate, count", []string{"receiverhelper", "basicauthextension"}},
	{"observe HTTP", []string{"otelhttp", "otel/sdk/metric", "otel/sdk/trace"}},
	{"send by HTTP", []string{"net/http.(*persistConn)", "net/http.(*Transport)", "net/http.(*Client)", "internal/httpsend.", "internal/managed."}},
	{"receive by HTTP", []string{"net/http.(*conn)", "net/http.(*connReader)", "net/http.(*Server)", "internal/httpserve.", "receiver/stytchreceiver."}},
	{"wait and schedule", []string{"runtime.schedule", "runtime.mcall", "runtime.park_m", "runtime.findRunnable", "runtime.sysmon", "runtime.mstart"}},
}

const otherStage = "other"

// breakdown is the profile's time by stage.
type breakdown struct {
	total  time.Duration
	stages map[string]time.Duration
	others map[string]time.Duration // of the samples without a stage, by innermost function
}

// readProfile reads a profile by way of `go tool pprof -traces`, which writes each stack with its
// innermost function first, and its time before that.
func readProfile(ctx context.Context, file string) (*breakdown, error) {
	output, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", file).Output()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return parseTraces(bytes.NewReader(output))
}

func parseTraces(r io.Reader) (*breakdown, error) {
	b := &breakdown{stages: map[string]time.Duration{}, others: map[string]time.Duration{}}
	var stack []string
	var took time.Duration
	flush := func() {
		if len(stack) > 0 {
			b.add(stack, took)
		}
		stack, took = nil, 0
	}
	lines := bufio.NewScanner(r)
	started := false
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "-----------+") {
			flush()
			started = true
			continue
		}
		fields := strings.Fields(line)
		if !started || len(fields) == 0 {
			continue
		}
		if len(stack) == 0 {
			var err error
			if took, err = time.ParseDuration(fields[0]); err != nil {
				return nil, fmt.Errorf("reading the profile: %w", err)
			}
			fields = fields[1:]
		}
		stack = append(stack, strings.Join(fields, " "))
	}
	flush()
	return b, lines.Err()
}

func (b *breakdown) add(stack []string, took time.Duration) {
	b.total += took
	for _, function := range stack {
		if name := stageOf(function); name != otherStage {
			b.stages[name] += took
			return
		}
	}
	b.stages[otherStage] += took
	b.others[stack[0]] += took
}

func stageOf(function string) string {
	for _, s := range stages {
		if slices.ContainsFunc(s.functions, func(part string) bool { return strings.Contains(function, part) }) {
			return s.name
		}
	}
	return otherStage
}

// print prints the stages, of an event that takes so many microseconds.
func (b *breakdown) print(w io.Writer, perEvent float64) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "stage\tµs/event\tshare\t")
	for _, s := range append(slices.Clone(stages), stage{name: otherStage}) {
		if took := b.stages[s.name]; took > 0 {
			share := float64(took) / float64(b.total)
			fmt.Fprintf(table, "%s\t%.2f\t%.1f %%\t\n", s.name, share*perEvent, share*100)
		}
	}
	table.Flush()
}
