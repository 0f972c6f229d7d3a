package groupcommit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

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

// A sender that waits for a disk that stands still waits no longer than its
// context, and nothing of it is put or kept. One whose logs are being put waits
// for the outcome, be it the first of the group or not.
func TestWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := newGroups(p, noop.NewTracerProvider())
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
	g := newGroups(storing(func(body string) {
		mu.Lock()
		defer mu.Unlock()
		stored[body]++
	}), noop.NewTracerProvider())
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

// The queue stores the metadata of a client with its logs: they are no one else's.
func TestMetadataIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := newGroups(p, noop.NewTracerProvider())
		of := func(tenant string) context.Context {
			return client.NewContext(t.Context(), client.Info{
				Metadata: client.NewMetadata(map[string][]string{"tenant": {tenant}}),
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

// The context of a group is no sender's: the address of one would be stored with
// the events of the others. Its span tells of all of them.
func TestContextOfAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := tracetest.NewSpanRecorder()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
		var contexts []context.Context
		p := newPuts()
		p.seen = func(ctx context.Context) { contexts = append(contexts, ctx) }
		g := newGroups(p, provider)
		var senders []trace.SpanContext
		for n := range 4 {
			ctx := client.NewContext(t.Context(), client.Info{Addr: &net.IPAddr{IP: net.IPv4(10, 0, 0, byte(n))}})
			if n < 3 { // one comes without a span
				var span trace.Span
				ctx, span = provider.Tracer("test").Start(ctx, "sender")
				senders = append(senders, span.SpanContext())
			}
			go g.ConsumeLogs(ctx, readOnly("x", 1)) //nolint:errcheck // not what is tested
			synctest.Wait()
		}
		full := func() error { return exporterhelper.ErrQueueIsFull }
		for _, outcome := range []func() error{fine, full, fine, full, fine} {
			p.outcome <- outcome
			synctest.Wait()
		}
		require.Len(t, contexts, 5)
		address := func(n int) string {
			if addr := client.FromContext(contexts[n]).Addr; addr != nil {
				return addr.String()
			}
			return ""
		}
		require.Equal(t, "10.0.0.0", address(0), "alone")
		require.Equal(t, senders[0], trace.SpanContextFromContext(contexts[0]))
		require.Empty(t, address(1), "the group")
		require.Equal(t, "10.0.0.1", address(2), "alone, for the queue is full")
		require.Equal(t, "10.0.0.2", address(3))
		require.Equal(t, "10.0.0.3", address(4))

		ended := recorder.Ended()
		require.Len(t, ended, 1)
		require.Equal(t, "exporter/group_commit", ended[0].Name())
		require.Equal(t, ended[0].SpanContext(), trace.SpanContextFromContext(contexts[1]))
		require.False(t, ended[0].Parent().IsValid())
		require.Len(t, ended[0].Links(), 2)
		require.Equal(t, senders[1], ended[0].Links()[0].SpanContext)
		require.Equal(t, senders[2], ended[0].Links()[1].SpanContext)
	})
}
