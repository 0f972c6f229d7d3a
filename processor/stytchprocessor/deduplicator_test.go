package stytchprocessor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

func TestEachEventGoesThroughOnce(t *testing.T) {
	for _, c := range []struct {
		name       string
		requests   [][]string
		want       []string
		duplicates int64
	}{
		{"new ones", [][]string{{"a", "b"}, {"c"}}, []string{"a", "b", "c"}, 0},
		{"a repeated request", [][]string{{"a", "b"}, {"a", "b"}, {"a", "b"}}, []string{"a", "b"}, 4},
		{"an overlap", [][]string{{"a", "b", "c"}, {"d", "b", "e"}}, []string{"a", "b", "c", "d", "e"}, 1},
		{"twice in one request", [][]string{{"a", "b", "a", "a"}}, []string{"a", "b"}, 2},
		{"without id", [][]string{{"", ""}, {""}}, []string{"", "", ""}, 0},
		{"webhooks by their message", [][]string{{"msg_1", "msg_2"}, {"msg_2", "msg_3"}}, []string{"msg_1", "msg_2", "msg_3"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, deduplicating)
			for _, request := range c.requests {
				require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs(request...)))
			}
			require.Equal(t, c.want, ids(w.sink.AllLogs()...))
			if c.duplicates == 0 {
				w.requireDropped(nil)
				return
			}
			w.requireDropped(map[string]int64{"duplicate": c.duplicates})
			require.Equal(t, 1, w.logged.FilterMessageSnippet("went through before").Len())
		})
	}
}

func TestDeduplicationIsOffUnlessSet(t *testing.T) {
	w := newWorld(t, func(*Config) {})
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs("a", "a")))
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs("a")))
	require.Equal(t, []string{"a", "a", "a"}, ids(w.sink.AllLogs()...))
}

// TestEmptyPartsAreLeftOut has duplicates fill a scope, and a resource.
func TestEmptyPartsAreLeftOut(t *testing.T) {
	w := newWorld(t, deduplicating)
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs("a", "b", "c")))
	ld := plog.NewLogs()
	one := ld.ResourceLogs().AppendEmpty()
	add(one.ScopeLogs().AppendEmpty().LogRecords(), "a")
	add(one.ScopeLogs().AppendEmpty().LogRecords(), "new")
	two := ld.ResourceLogs().AppendEmpty()
	add(two.ScopeLogs().AppendEmpty().LogRecords(), "b")
	add(two.ScopeLogs().AppendEmpty().LogRecords(), "c")
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), ld))

	got := w.sink.AllLogs()[1]
	require.Equal(t, []string{"new"}, ids(got))
	require.Equal(t, 1, got.ResourceLogs().Len())
	require.Equal(t, 1, got.ResourceLogs().At(0).ScopeLogs().Len())
	source, _ := got.ResourceLogs().At(0).Resource().Attributes().Get(stytch.AttrSource)
	require.Equal(t, "stytch", source.Str())
}

func TestWhatIsRefusedMayComeAgain(t *testing.T) {
	var taken []string
	refusal := errors.New("full")
	for name, refuse := range map[string]func(ld plog.Logs) error{
		"an error":          func(plog.Logs) error { return refusal },
		"an error of parts": func(plog.Logs) error { return consumererror.NewLogs(refusal, logs("b")) },
		"a panic":           func(plog.Logs) error { panic(refusal) },
	} {
		t.Run(name, func(t *testing.T) {
			taken = nil
			refusing := true
			next, err := consumer.NewLogs(func(_ context.Context, ld plog.Logs) error {
				if refusing {
					return refuse(ld)
				}
				taken = append(taken, ids(ld)...)
				return nil
			})
			require.NoError(t, err)
			w := newWorldBefore(t, next, deduplicating)
			consume := func(ld plog.Logs) (err error) {
				defer func() {
					if r := recover(); r != nil {
						err = r.(error)
					}
				}()
				return w.processor.ConsumeLogs(t.Context(), ld)
			}
			require.ErrorIs(t, consume(logs("a", "b", "a")), refusal)
			w.requireRemembered(0)
			w.requireDropped(nil)
			refusing = false
			require.NoError(t, consume(logs("a", "b", "a")))
			require.Equal(t, []string{"a", "b"}, taken)
			w.requireDropped(map[string]int64{"duplicate": 1})
		})
	}
}

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, deduplicating)
		consume := func(id string) {
			t.Helper()
			require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs(id)))
		}
		consume("a")
		time.Sleep(5 * time.Minute)
		consume("b")
		time.Sleep(5 * time.Minute)
		consume("a") // a duplicate, whose window began with the first
		w.requireRemembered(2)
		time.Sleep(time.Second)
		w.requireRemembered(1)
		consume("a")
		consume("b")
		require.Equal(t, []string{"a", "b", "a"}, ids(w.sink.AllLogs()...))
		w.requireDropped(map[string]int64{"duplicate": 2})
	})
}

func TestMaxEvents(t *testing.T) {
	w := newWorld(t, func(cfg *Config) { cfg.Deduplicate.GetOrInsertDefault().MaxEvents = 3 })
	for _, request := range [][]string{
		{"a", "b", "c"}, {"c", "d"}, // a makes room
		{"b", "c", "d"},           // all known
		{"a"},                     // b makes room
		{"1", "2", "3", "4", "5"}, // more than are remembered
		{"3", "4", "5", "2"},
	} {
		require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs(request...)))
	}
	require.Equal(t, []string{"a", "b", "c", "d", "a", "1", "2", "3", "4", "5", "2"}, ids(w.sink.AllLogs()...))
	w.requireRemembered(3)
	w.requireForgotten(8)
	require.Equal(t, 1, w.logged.FilterMessageSnippet("max_events is reached").Len())
}

// TestInstancesOfOneIDAreAddedUp is for a processor that stands in two pipelines.
func TestInstancesOfOneIDAreAddedUp(t *testing.T) {
	w := newWorld(t, deduplicating)
	other := w.instance(w.sink, deduplicating)
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs("a", "b")))
	require.NoError(t, other.ConsumeLogs(t.Context(), logs("a", "b", "c")))
	w.requireRemembered(5)
}
