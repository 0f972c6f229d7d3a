// Demo shows the whole way on one machine: events go in as Stytch sends them, through the built
// collector with examples/local/collector.yaml, and out to stand-ins for Datadog and Loki.
//
//	make run                          the same after a build
//	make run LISTEN=localhost:9321    at another address
//	go run ./e2e/demo                 stays up to be tried by hand, until Ctrl-C
//	go run ./e2e/demo -once           exits after the table
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Credentials of this demo only: nothing listens beyond this machine.
const (
	username = "stytch"
	password = "local"
	apiKey   = "0123456789abcdef0123456789abcdef"
)

func main() {
	listen := flag.String("listen", "localhost:8321", "the collector's address")
	once := flag.Bool("once", false, "exit after the table")
	withParent := flag.Bool("with-parent", false, "end when the process that started this one has ended")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if *withParent {
		go watchParent(cancel)
	}
	if err := run(ctx, *listen, *once); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// watchParent cancels when the parent has ended: `make` may be killed in a way that it cannot pass on.
func watchParent(cancel context.CancelFunc) {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(100 * time.Millisecond)
	}
	cancel()
}

func run(ctx context.Context, listen string, once bool) (err error) {
	if err := harness.Free(listen); err != nil {
		return fmt.Errorf("%w, such as a second `make run`: end it, or choose another address with `make run LISTEN=localhost:9321`", err)
	}
	loki, datadog := standin.NewLoki(), standin.NewDatadog(apiKey)
	lokiURL, err := loki.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer loki.Close()
	datadogURL, err := datadog.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer datadog.Close()
	step("A stand-in for Datadog listens on %s, one for Loki on %s.", datadogURL, lokiURL)

	metricsPort, err := harness.FreePort()
	if err != nil {
		return err
	}
	step("Starting the collector with examples/local/collector.yaml …")
	collector, err := harness.Launch(ctx, harness.Options{
		Configs: []string{harness.Path("examples/local/collector.yaml")},
		Env: map[string]string{
			"LISTEN": listen, "METRICS_PORT": metricsPort,
			"STYTCH_USERNAME": username, "STYTCH_PASSWORD": password,
			"DATADOG_URL": datadogURL, "DD_API_KEY": apiKey, "LOKI_URL": lokiURL,
		},
		Receiver: listen,
	})
	if err != nil {
		return err
	}
	defer func() {
		step("Stopping the collector …")
		err = errors.Join(err, collector.Stop())
	}()
	step("It takes events on http://%s and shows its metrics on http://localhost:%s/metrics.", listen, metricsPort)

	events := testdata.Recent(time.Now())
	sender := harness.Sender{URL: "http://" + listen, Username: username, Password: password}
	step("Pushing the %d events of testdata/events as Stytch does: gzipped JSON to %s …", len(events), harness.LokiPushPath)
	reply, err := sender.LokiPush(ctx, events)
	if err != nil {
		return err
	}
	if reply.Status != http.StatusNoContent {
		return fmt.Errorf("pushing events: %d %s", reply.Status, reply.Body)
	}
	step("Acknowledged with %d. Waiting for them at both destinations …", reply.Status)
	if err := arrival(ctx, collector, loki, datadog, len(events)); err != nil {
		return err
	}
	fmt.Println()
	printTable(os.Stdout, loki.Entries(), datadog.Logs())
	if once {
		return nil
	}

	news := make(chan string, 64)
	tell(loki, datadog, news)
	printCommands(os.Stdout, sender)
	step("Waiting for further events. Ctrl-C ends it.")
	for {
		select {
		case line := <-news:
			fmt.Println(line)
		case <-collector.Done():
			return endedByItself(collector)
		case <-ctx.Done():
			fmt.Println()
			return nil
		}
	}
}

// arrival waits until both destinations have n events.
func arrival(ctx context.Context, collector *harness.Collector, loki *standin.Loki, datadog *standin.Datadog, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		inLoki, inDatadog := len(loki.Entries()), len(datadog.Logs())
		if inLoki >= n && inDatadog >= n {
			return nil
		}
		select {
		case <-collector.Done():
			return endedByItself(collector)
		case <-ctx.Done():
			return fmt.Errorf("waiting for arrival: of %d events %d are in Datadog and %d in Loki; the collector wrote:\n%s",
				n, inDatadog, inLoki, collector.Output())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func endedByItself(collector *harness.Collector) error {
	return fmt.Errorf("the collector ended by itself:\n%s", collector.Output())
}

func step(format string, args ...any) {
	fmt.Printf("→ "+format+"\n", args...)
}
