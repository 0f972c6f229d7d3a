package groupcommit

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	typ        = component.MustNewType("test")
	errRefused = errors.New("the queue refuses")
)

// puts stands for the queue: it tells of each put and waits for its outcome.
type puts struct {
	exporter.Logs
	got     chan string
	outcome chan func() error
	seen    func(context.Context) // unless nil, of each put
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
	if p.seen != nil {
		p.seen(ctx)
	}
	p.got <- strings.Join(bodies, " ")
	if err := (<-p.outcome)(); err != nil {
		return err
	}
	return ctx.Err()
}

func fine() error   { return nil }
func refuse() error { return errRefused }

// readOnly is a request of n events, as several pipelines share it.
func readOnly(body string, n int) plog.Logs {
	ld := plog.NewLogs()
	for range n {
		ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(body)
	}
	ld.MarkReadOnly()
	return ld
}

// What comes while a put is under way is put together after it, in its order,
// and has its outcome alone.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := newGroups(p, noop.NewTracerProvider())
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
				g := newGroups(p, noop.NewTracerProvider())
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
		g := newGroups(p, noop.NewTracerProvider())
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

// After a burst nothing of it stays in memory.
func TestGroupsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuts()
		g := newGroups(p, noop.NewTracerProvider())
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
		g := newGroups(p, noop.NewTracerProvider())
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

// Groups need a queue on disk, which refuses when it is full: one that blocks
// would block a group for a sender that has gone away.
func TestWrap(t *testing.T) {
	onDisk := func(blocks bool) configoptional.Optional[exporterhelper.QueueBatchConfig] {
		cfg := exporterhelper.NewDefaultQueueConfig()
		id := component.MustNewID("file_storage")
		cfg.StorageID, cfg.BlockOnOverflow = &id, blocks
		return configoptional.Some(cfg)
	}
	next := newPuts()
	for name, tt := range map[string]struct {
		queue   configoptional.Optional[exporterhelper.QueueBatchConfig]
		grouped bool
	}{
		"on disk":         {onDisk(false), true},
		"on disk, blocks": {onDisk(true), false},
		"in memory":       {configoptional.Some(exporterhelper.NewDefaultQueueConfig()), false},
		"none":            {configoptional.None[exporterhelper.QueueBatchConfig](), false},
	} {
		got := Wrap(exportertest.NewNopSettings(typ), next, tt.queue)
		_, grouped := got.(*groups)
		require.Equal(t, tt.grouped, grouped, name)
		require.Equal(t, !tt.grouped, got == next, name)
	}
}

// A body of bytes weighs what a string of the same length does.
func TestBytesWeigh(t *testing.T) {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.AppendEmpty().Body().SetStr("four")
	records.AppendEmpty().Body().SetEmptyBytes().FromRaw([]byte("fives"))
	records.AppendEmpty().Body().SetInt(1)
	require.Equal(t, weight{records: 3, bytes: 9}, weigh(ld))
}
