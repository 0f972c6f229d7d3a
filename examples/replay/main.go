// Command replay sends what a window of an archive holds to a collector once more: as requests to the
// receiver's protocol `events`, the same way in as any other event. README.md has the settings.
//
//	go run ./examples/replay -archive archive -from 2026-11-24T10 -to 2026-11-24T12
//
// STYTCH_USERNAME and STYTCH_PASSWORD are the receiver's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := replay{sender: sender{username: os.Getenv("STYTCH_USERNAME"), password: os.Getenv("STYTCH_PASSWORD")}}
	var from, to string
	flag.StringVar(&r.archive, "archive", "archive", "folder with the objects, under their keys")
	flag.StringVar(&from, "from", "", "first hour in UTC, such as 2026-11-24T10")
	flag.StringVar(&to, "to", "", "the hour after the last")
	flag.BoolVar(&r.envelope, "envelope", false, "the lines are envelopes of the Loki-to-S3 bridge: send each one's record")
	flag.StringVar(&r.sender.url, "url", "http://localhost:8321/v1/events", "of the receiver's protocol events")
	flag.IntVar(&r.batch, "batch", 500, "events a request")
	flag.IntVar(&r.rate, "rate", 0, "events a second at most; 0: as fast as they are taken")
	flag.StringVar(&r.resume, "resume", "replay.json", "file that tells how far an earlier run came; it is made and kept")
	flag.Parse()

	if err := r.window.parse(from, to); err != nil {
		fail(err)
	}
	if flag.NArg() > 0 || r.batch < 1 || r.rate < 0 {
		fail(errors.New("want -batch from 1, -rate from 0, and nothing but flags"))
	}
	if err := r.run(ctx); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "replay:", err)
	os.Exit(1)
}

// replay is one run.
type replay struct {
	archive  string
	window   window
	envelope bool
	batch    int
	rate     int
	resume   string
	sender   sender
}

// run sends every event of the window that an earlier run has not sent. What is no event is told and
// left out, and makes the run end with an error.
func (r *replay) run(ctx context.Context) error {
	objects, err := r.window.objects(r.archive)
	if err != nil {
		return err
	}
	p, err := r.begin(objects)
	if err != nil {
		return err
	}
	defer p.tell()
	due := time.Now()
	for _, object := range objects[p.Done.Objects:] {
		events, odd, err := object.events(r.envelope)
		if err != nil {
			return fmt.Errorf("%s: %w", object.key, err)
		}
		for _, at := range odd {
			fmt.Fprintf(os.Stderr, "replay: %s: byte %d of the text: no JSON object: left out\n", object.key, at)
		}
		p.odd += len(odd)
		for at := min(p.Done.InObject, len(events)); at < len(events); {
			part := events[at:min(at+r.batch, len(events))]
			if err := sleep(ctx, time.Until(due)); err != nil {
				return err
			}
			if err := r.sender.send(ctx, part); err != nil {
				return fmt.Errorf("%s: events %d to %d: %w", object.key, at+1, at+len(part), err)
			}
			if r.rate > 0 {
				due = later(due, time.Now()).Add(time.Duration(len(part)) * time.Second / time.Duration(r.rate))
			}
			at += len(part)
			if err := p.sent(len(part), at); err != nil {
				return err
			}
		}
		if err := p.finished(object); err != nil {
			return err
		}
	}
	if p.odd > 0 {
		return fmt.Errorf("%d texts are no JSON object and were left out", p.odd)
	}
	return nil
}

// later keeps a pause from being made up for: a rate, not an average.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
