package httpsend

import (
	"context"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// logsOf returns records with these bodies.
func logsOf(bodies ...string) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, body := range bodies {
		records.AppendEmpty().Body().SetStr(body)
	}
	return ld
}

// start starts an exporter of bodies as they are, which are sent by s.
func start(t *testing.T, queue configoptional.Optional[exporterhelper.QueueBatchConfig], retry configretry.BackOffConfig, logger *zap.Logger, s *Sender) exporter.Logs {
	t.Helper()
	set := exportertest.NewNopSettings(component.MustNewType("test"))
	set.Logger = logger
	f := &payload.Format{
		Head:     func(dst []byte, _ string, _ int) []byte { return dst },
		MaxBytes: math.MaxInt, MaxRecords: 1, Codec: payload.Gzip,
	}
	logs, err := newLogs(t.Context(), set, Backend{
		Format: f,
		Encode: func(ld plog.Logs) *payload.Request {
			return f.Build(func(to *payload.Builder) {
				for i, lr := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
					to.End(append(to.Begin(), lr.Body().Str()...), payload.Record{Position: uint32(i)})
				}
			})
		},
		Filter:    func(r *payload.Request) (*payload.Request, error) { return r, nil },
		Delivered: func([]payload.Record) {},
		Metrics:   noMetrics(),
		Shutdown:  func() {},
		Queue:     queue, Retry: retry,
	}, func(context.Context, component.Host) (*Sender, error) { return s, nil })
	require.NoError(t, err)
	require.NoError(t, logs.Start(t.Context(), componenttest.NewNopHost()))
	return logs
}

func TestWithoutAQueueTheErrorHoldsTheRest(t *testing.T) {
	for code, want := range map[int]string{503: "answered 503", 400: "kept by the sender", 413: "kept by the sender"} {
		_, s := newIntake(t, func(payload string, _ http.ResponseWriter) int {
			if payload == "b" {
				return code
			}
			return http.StatusAccepted
		})
		s.quarantine = nil
		logs := start(t, configoptional.None[exporterhelper.QueueBatchConfig](), configretry.BackOffConfig{}, zap.NewNop(), s)
		var left consumererror.Logs
		require.ErrorAs(t, logs.ConsumeLogs(t.Context(), logsOf("a", "b")), &left)
		require.ErrorContains(t, left, want)
		require.False(t, consumererror.IsPermanent(left))
		require.Equal(t, 1, left.Data().LogRecordCount())
		require.Equal(t, "b", left.Data().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str())
		require.NoError(t, logs.Shutdown(t.Context()))
	}
}

// Pipelines that share the logs need no copies for an exporter that encodes them
// at once, batch or no batch.
func TestTheQueueHoldsNoLogs(t *testing.T) {
	in, s := newIntake(t, func(string, http.ResponseWriter) int { return http.StatusAccepted })
	logs := start(t, DefaultQueue(), configretry.BackOffConfig{}, zap.NewNop(), s)
	require.False(t, logs.Capabilities().MutatesData)
	ld := logsOf("a", "b")
	require.NoError(t, logs.ConsumeLogs(t.Context(), ld))
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr("changed")
	require.NoError(t, logs.ConsumeLogs(t.Context(), logsOf("c")))
	require.NoError(t, logs.Shutdown(t.Context()))
	require.Equal(t, "abc", strings.Join(in.accepted, ""))
}

// What waits for its next attempt when the exporter is stopped gets it then.
func TestAQueueInMemoryIsTriedOnceMoreAtShutdown(t *testing.T) {
	for _, c := range []struct {
		name              string
		code, after       int // answered before, and at the shutdown
		delivered, lost   int
		quarantinedBefore int
	}{
		{name: "down, then well", code: 503, after: 202, delivered: 2},
		{name: "down", code: 503, after: 503, lost: 2},
		{name: "refusing, then well", code: 400, after: 202, delivered: 2, quarantinedBefore: 2},
		{name: "refusing", code: 400, after: 400, lost: 2, quarantinedBefore: 2},
		{name: "down, then refusing", code: 503, after: 400, lost: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var code atomic.Int32
			code.Store(int32(c.code))
			in, s := newIntake(t, func(string, http.ResponseWriter) int { return int(code.Load()) })
			core, log := observer.New(zap.InfoLevel)
			retry := DefaultRetry()
			retry.InitialInterval = time.Hour
			queue := DefaultQueue()
			queue.Get().Batch = configoptional.None[exporterhelper.BatchConfig]()
			logs := start(t, queue, retry, zap.New(core), s)
			require.NoError(t, logs.ConsumeLogs(t.Context(), logsOf("a")))
			require.NoError(t, logs.ConsumeLogs(t.Context(), logsOf("b")))
			require.Eventually(t, func() bool {
				s.quarantine.mu.Lock()
				defer s.quarantine.mu.Unlock()
				return len(s.quarantine.records) == c.quarantinedBefore &&
					log.FilterMessageSnippet("Will retry").Len() == 2-c.quarantinedBefore
			}, 10*time.Second, time.Millisecond)

			code.Store(int32(c.after))
			require.NoError(t, logs.Shutdown(t.Context()))
			require.Len(t, in.accepted, c.delivered)
			told := map[string]int{}
			for _, entry := range log.All() {
				if events, ok := entry.ContextMap()["events"]; ok {
					told[entry.Message] += int(events.(int64))
				}
			}
			require.Equal(t, c.delivered, told["Delivered at the shutdown what had waited to be sent again"])
			require.Equal(t, c.lost, told["Lost events: the queue is in memory, and the destination did not take them at the shutdown"])
			if c.quarantinedBefore == 0 {
				require.Equal(t, 2, told["Stopped while events waited to be sent again; they are tried once more"])
			}
			require.Empty(t, log.FilterMessageSnippet("Dropping data").All())
		})
	}
}

// A request that exporterhelper gave up, and told of, is not remembered.
func TestWhatWasGivenUpIsNotTriedAtShutdown(t *testing.T) {
	w := waiting{retry: configretry.BackOffConfig{Enabled: true, MaxElapsedTime: time.Minute}}
	old, young := new(payload.Request), new(payload.Request)
	w.failed(old, time.Now().Add(-2*time.Minute))
	w.failed(young, time.Now())
	require.Len(t, w.requests, 1)
	require.Contains(t, w.requests, young)

	w.retry.Enabled = false
	w.failed(new(payload.Request), time.Now())
	require.Len(t, w.requests, 1)
}
