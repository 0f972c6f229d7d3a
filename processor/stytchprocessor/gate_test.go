package stytchprocessor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// A disabled stream answers its sender as an enabled one does: the log and the
// metrics tell of it from the start.
func TestADisabledStreamIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(cfg *Config) { cfg.Enabled = false })
		require.Equal(t, []string{
			"warn: The stream is disabled: events are acknowledged and dropped, and will not be sent later; enabled: true switches it on",
		}, w.lines())
		w.requireDropped(nil)

		push := func(ids ...string) { require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs(ids...))) }
		for range 90 { // 61 of them in the first minute
			push("a", "b")
			push()
			time.Sleep(990 * time.Millisecond)
		}
		require.Equal(t, []string{"warn: Dropped events of the disabled stream events=122"}, w.lines()[1:])
		time.Sleep(time.Hour)
		require.Equal(t, []string{"warn: Dropped events of the disabled stream events=58"}, w.lines()[2:], "and none while none come")
		push("c")
		require.NoError(t, w.processor.Shutdown(t.Context()))
		require.Equal(t, []string{"warn: Dropped events of the disabled stream events=1"}, w.lines()[3:], "at the end")
		require.Empty(t, w.sink.AllLogs())
	})
}

func TestAnEnabledStreamIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(*Config) {})
		require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs("a")))
		time.Sleep(time.Hour)
		require.Empty(t, w.lines())
		require.Len(t, w.sink.AllLogs(), 1)
	})
}

// Before anything happens there is a value to alert on.
func TestCountersBeginAtZero(t *testing.T) {
	for _, configure := range []func(*Config){func(*Config) {}, deduplicating} {
		w := newWorld(t, configure)
		w.requireDropped(nil)
		w.requireForgotten(0)
	}
}

// Ids are unique within a project.
func TestProjectsDoNotSuppressEachOther(t *testing.T) {
	w := newWorld(t, deduplicating)
	of := func(project string, ids ...string) plog.Logs {
		ld := logs(ids...)
		if project != "" {
			ld.ResourceLogs().At(0).Resource().Attributes().PutStr("stytch.project_id", project)
		}
		return ld
	}
	both := of("project-live-1", "a")
	of("project-live-2", "a", "b").ResourceLogs().MoveAndAppendTo(both.ResourceLogs())
	for _, c := range []struct {
		request plog.Logs
		want    []string
	}{
		{both, []string{"a", "a", "b"}},
		{of("project-live-1", "a", "b"), []string{"b"}},
		{of("project-live-2", "a", "b"), []string{}},
		{of("", "a"), []string{"a"}},
		{of("", "a"), []string{}},
		{of("a", "project-live-1"), []string{"project-live-1"}},
		{of("project-live-1", "msg_1"), []string{"msg_1"}},
		{of("project-live-2", "msg_1"), []string{"msg_1"}},
		{of("project-live-2", "msg_1"), []string{}},
	} {
		w.sink.Reset()
		require.NoError(t, w.processor.ConsumeLogs(t.Context(), c.request))
		require.Equal(t, c.want, ids(w.sink.AllLogs()...))
	}
	w.requireDropped(map[string]int64{"duplicate": 5})
}
