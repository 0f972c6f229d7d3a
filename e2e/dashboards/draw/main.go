// Draw makes pictures of the Grafana dashboards for the documents: each panel with what its query
// returned, from a real Loki and a real Prometheus that were filled through the built collector.
//
//	make dashboard-images                     all of them, into docs/images
//	go run ./e2e/dashboards/draw -live 2m     with a longer life of the collector
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/e2e/dashboards"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

func main() {
	live := flag.Duration("live", 3*time.Minute, "how long the collector works while Prometheus watches")
	into := flag.String("into", harness.Path("docs/images"), "the folder of the pictures")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *live, *into)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}

// picture is a sheet to draw: of a dashboard, its first rows, or all if that is 0.
type picture struct {
	name string
	file string
	rows int
}

var pictures = []picture{
	{"dashboard-events", dashboards.EventsFile, 0},
	{"dashboard-overview", dashboards.EventsFile, 2},
	{"dashboard-collector", dashboards.CollectorFile, 0},
}

func run(ctx context.Context, live time.Duration, into string) error {
	world, err := dashboards.Start(ctx)
	if err != nil {
		return err
	}
	defer world.Close()
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	for _, p := range pictures {
		source, span := world.Loki, world.Events()
		if p.file == dashboards.CollectorFile { // the last, for what it sends would be in Loki's day
			if err := world.Live(ctx, live); err != nil {
				return err
			}
			source, span = world.Prometheus, world.Life()
		}
		dashboard, err := dashboards.Read(p.file)
		if err != nil {
			return err
		}
		variables := map[string]string{"filter": "", "request_id": world.Request, "instance": ".*"}
		panels, err := query(ctx, source, dashboard.Panels, span, variables, p.rows)
		if err != nil {
			return err
		}
		for _, theme := range []theme{light, dark} {
			s := sheet{theme: theme, span: span}
			s.draw(dashboard.Title, panels)
			if err := os.WriteFile(filepath.Join(into, p.name+"-"+theme.name+".svg"), []byte(s.String()), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// result is a panel with what its queries returned.
type result struct {
	dashboards.Panel
	series []dashboards.Series
}

func query(ctx context.Context, source dashboards.Source, panels []dashboards.Panel, span dashboards.Span, variables map[string]string, rows int) (results []result, err error) {
	drawn := 0
	for _, panel := range panels {
		if panel.Type == "row" {
			if drawn++; rows > 0 && drawn > rows {
				break
			}
		}
		r := result{Panel: panel}
		r.Title = span.Fill(panel.Title, variables)
		for _, target := range panel.Targets {
			series, err := source.Run(ctx, target, span, variables)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", panel.Title, err)
			}
			r.series = append(r.series, series...)
		}
		results = append(results, r)
	}
	return results, nil
}
