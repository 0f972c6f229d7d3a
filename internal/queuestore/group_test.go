package queuestore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/require"
	collectorclient "go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// puts stands for the queue: it tells of each put and waits for its outcome.
type puts struct {
	exporter.Logs
	got     chan string
	outcome chan func() error
}

func newPuts() *puts { return &puts{got: make(chan string, 10), outcome: make(chan func() error)} }

func (p *puts) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	var bodies []string
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				bodies = append(bodies, lr.Body().Str())
			}
		}
	}
	p.got <- strings.Join(bodies, " ")
	if err := (<-p.outcome)(); err != nil {
		return err
	}
	return ctx.Err()
}

// storing is a queue that stores each record, whatever the context.
func storing(store func(body string)) exporter.Logs {
	next, err := exporterhelper.NewLogs(context.Background(), exportertest.NewNopSettings(typ), struct{}{},
		func(_ context.Context, ld plog.Logs) error {
			for _, rl := range ld.ResourceLogs().All() {
				for _, sl := range rl.ScopeLogs().All() {
					for _, lr := range sl.LogRecords().All() {
						store(lr.Body().Str())
					}
				}
			}
			time.Sleep(50 * time.Microsecond)
			return nil
		})
	if err != nil {
		panic(err)
	}
	return next
}

func fine() error   { return nil }
func refuse() error { return errRefused }

// readOnly is a request of n events, as several pipelines share it.
func readOnly(body string, n int) plog.Logs {
	ld := plog.NewLogs()
	for range n {
		event(body).ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
	}
	ld.MarkReadOnly()
	return ld
}

// What comes while a put is under way is put together after it, in its order,
// and has its outcome alone.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := &groupCommit{Logs: p}
		errs := map[string]error{}
		offer := func(ctx context.Context, body string) {
			go func() {
				err := g.ConsumeLogs(ctx, readOnly(body, 1))
				g.mu.Lock()
				defer g.mu.Unlock()
				errs[body] = err
			}()
			synctest.Wait()
		}
		end := func(outcome func() error) {
			p.outcome <- outcome
			synctest.Wait()
		}
		offer(t.Context(), "a")
		offer(t.Context(), "b")
		offer(t.Context(), "c")
		offer(t.Context(), "d")
		require.Equal(t, "a", <-p.got)
		require.Empty(t, p.got)
		end(refuse)
		require.Equal(t, "b c d", <-p.got)
		require.Equal(t, map[string]error{"a": errRefused}, errs)
		offer(t.Context(), "e")
		offer(t.Context(), "f")
		end(fine)
		require.Equal(t, "e f", <-p.got)
		require.Equal(t, map[string]error{"a": errRefused, "b": nil, "c": nil, "d": nil}, errs)
		end(refuse)
		offer(t.Context(), "g")
		end(fine)
		require.Equal(t, "g", <-p.got)
		require.Equal(t, map[string]error{"a": errRefused, "b": nil, "c": nil, "d": nil, "e": errRefused, "f": errRefused, "g": nil}, errs)
		require.False(t, g.busy)
	})
}

// A sender that waits for a disk that stands still waits no longer than its
// context, and nothing of it is put or kept. One whose logs are being put waits
// for the outcome, be it the first of the group or not.
func TestWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := &groupCommit{Logs: p}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		long, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var mu sync.Mutex
		errs := map[string]error{}
		offer := func(ctx context.Context, body string) {
			ld := readOnly(body, 1)
			go func() {
				err := g.ConsumeLogs(ctx, ld)
				mu.Lock()
				defer mu.Unlock()
				errs[body] = err
			}()
			synctest.Wait()
		}
		offer(short, "a")
		offer(long, "b")
		given := make([]byte, 100<<10)
		text := weak.Make(&given[0])
		offer(short, unsafe.String(&given[0], len(given)))
		offer(short, "c")
		offer(long, "d")
		require.Equal(t, "a", <-p.got)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Len(t, errs, 2)
		for body, err := range errs {
			require.ErrorIs(t, err, context.DeadlineExceeded, body[:1])
		}
		clear(errs)
		runtime.GC()
		require.Nil(t, text.Value(), "kept")
		require.Len(t, g.waiting, 2)

		p.outcome <- fine
		require.Equal(t, "b d", <-p.got)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Equal(t, map[string]error{"a": context.DeadlineExceeded}, errs, "that of the put; b and d wait for theirs")
		p.outcome <- refuse
		synctest.Wait()
		require.Equal(t, map[string]error{"a": context.DeadlineExceeded, "b": errRefused, "d": errRefused}, errs)
		require.False(t, g.busy)

		ended, cancel := context.WithCancel(t.Context())
		cancel()
		offer(ended, "e")
		require.Equal(t, "e", <-p.got, "whose turn it is at once does not wait")
		p.outcome <- fine
	})
}

// Whether a context ends before, after or while its turn comes, each sender gets
// one answer, and it is true.
func TestContextsThatEndAtAnyTime(t *testing.T) {
	const senders, each = 16, 200
	var mu sync.Mutex
	stored := map[string]int{}
	g := &groupCommit{Logs: storing(func(body string) {
		mu.Lock()
		defer mu.Unlock()
		stored[body]++
	})}
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				body := fmt.Sprint(s, ".", i)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%20)*10*time.Microsecond)
				err := g.ConsumeLogs(ctx, readOnly(body, 1))
				cancel()
				mu.Lock()
				was := stored[body]
				mu.Unlock()
				if err == nil && was != 1 || err != nil && (was != 0 || !errors.Is(err, context.DeadlineExceeded)) {
					t.Errorf("%s: stored %d times, answer %v", body, was, err)
				}
			}
		})
	}
	wg.Wait()
	require.False(t, g.busy)
	require.Empty(t, g.waiting)
}

func TestGroupsAreLimited(t *testing.T) {
	for name, of := range map[string]struct {
		body    string
		most    int // records that a member has at most
		members int // that a group has at most
	}{
		"records": {"x", maxMember.records, maxGroup.records / maxMember.records},
		"bytes":   {strings.Repeat("x", maxMember.bytes/4), 4, maxGroup.bytes / maxMember.bytes},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPuts()
				g := &groupCommit{Logs: p}
				for range 1 + of.members + 1 {
					go g.ConsumeLogs(t.Context(), readOnly(of.body, of.most)) //nolint:errcheck // not what is tested
				}
				synctest.Wait()
				go g.ConsumeLogs(t.Context(), readOnly(of.body, of.most+1)) //nolint:errcheck // not what is tested
				synctest.Wait()
				var sizes []int
				for _, under := range []int{2, 1, 1} { // ways at once
					require.Len(t, p.got, under)
					for range under {
						sizes = append(sizes, len(strings.Fields(<-p.got)))
						p.outcome <- fine
					}
					synctest.Wait()
				}
				require.Equal(t, []int{of.most, of.most + 1, of.members * of.most, of.most}, sizes)
			})
		})
	}
}

// A queue that has no room for a group takes what it has room for.
func TestGroupsFillTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := &groupCommit{Logs: p}
		errs := make([]error, 4)
		for i, body := range []string{"a", "b", "c", "d"} {
			go func() { errs[i] = g.ConsumeLogs(t.Context(), readOnly(body, 1)) }()
			synctest.Wait()
		}
		full := func() error { return exporterhelper.ErrQueueIsFull }
		for _, put := range []struct {
			bodies  string
			outcome func() error
		}{{"a", fine}, {"b c d", full}, {"b", full}, {"c", fine}, {"d", full}} {
			require.Equal(t, put.bodies, <-p.got)
			p.outcome <- put.outcome
			synctest.Wait()
		}
		require.Equal(t, []error{nil, exporterhelper.ErrQueueIsFull, nil, exporterhelper.ErrQueueIsFull}, errs)
	})
}

// The queue stores the metadata of a client with its logs: they are no one else's.
func TestMetadataIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := &groupCommit{Logs: p}
		of := func(tenant string) context.Context {
			return collectorclient.NewContext(t.Context(), collectorclient.Info{
				Metadata: collectorclient.NewMetadata(map[string][]string{"tenant": {tenant}}),
			})
		}
		for _, ctx := range []context.Context{t.Context(), of("a"), of("b")} {
			go g.ConsumeLogs(ctx, readOnly("x", 1)) //nolint:errcheck // not what is tested
			synctest.Wait()
		}
		require.Len(t, p.got, 3)
		for range 3 {
			require.Equal(t, "x", <-p.got)
			p.outcome <- fine
		}
	})
}

// After a burst nothing of it stays in memory.
func TestGroupsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := &groupCommit{Logs: p}
		var texts []weak.Pointer[byte]
		for range 5 {
			text := make([]byte, 100<<10)
			texts = append(texts, weak.Make(&text[0]))
			ld := readOnly(unsafe.String(&text[0], len(text)), 1)
			go g.ConsumeLogs(t.Context(), ld) //nolint:errcheck // not what is tested
			synctest.Wait()
		}
		for range 2 {
			<-p.got
			p.outcome <- fine
			synctest.Wait()
		}
		runtime.GC()
		for _, text := range texts {
			require.Nil(t, text.Value())
		}
		runtime.KeepAlive(g)
	})
}

// A put that panics, as the server of a receiver survives, leaves no one waiting.
func TestPutPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := &groupCommit{Logs: p}
		go g.ConsumeLogs(t.Context(), readOnly("a", 1)) //nolint:errcheck // not what is tested
		synctest.Wait()
		go func() {
			defer func() { _ = recover() }()
			_ = g.ConsumeLogs(t.Context(), readOnly("b", 1))
		}()
		synctest.Wait()
		var err error
		go func() { err = g.ConsumeLogs(t.Context(), readOnly("c", 1)) }()
		synctest.Wait()
		p.outcome <- fine
		synctest.Wait()
		p.outcome <- func() error { panic("of the queue") }
		synctest.Wait()
		require.ErrorIs(t, err, errPanicked)
		require.False(t, g.busy)
	})
}

// A queue that blocks would block a group for a sender that has gone away.
func TestBlockingQueueIsNotGrouped(t *testing.T) {
	for _, blocks := range []bool{false, true} {
		cfg := exporterhelper.NewDefaultQueueConfig()
		cfg.StorageID = &storageID
		cfg.BlockOnOverflow = blocks
		p := newPuts()
		_, grouped := Wrap(component.NewID(typ), p, configoptional.Some(cfg), nil, Damage{}).(*guardedLogs).Logs.(*groupCommit)
		require.Equal(t, !blocks, grouped)
	}
}
