package datadoglogsexporter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/fakestreams"
)

const (
	one   = "project-live-1"
	two   = "project-live-2"
	three = "project-test-3"
)

// A stream whose key is refused and one whose destination hangs stop no other.
func TestStreamsAreSeparate(t *testing.T) {
	intake := newAccounts(t)
	r := newManagedRig(t, fakestreams.New(), intake, "")
	refused, hanging, fine := r.set(one, "k1"), r.set(two, "k2"), r.set(three, "k3")
	intake.answers("k1", http.StatusForbidden)
	intake.hangs("k2")
	for i := range 100 {
		ld := eventsOf(one, i, i+1)
		appendEvents(ld, two, i, i+1)
		appendEvents(ld, three, i, i+1)
		require.NoError(t, r.ConsumeLogs(t.Context(), ld))
	}
	r.requireArrived("k3", names(three, 0, 100), 30*time.Second)
	r.eventually(func() bool { return fine.Figures.Snapshot().Delivered == 100 }, "the figures")
	require.Zero(t, fine.Figures.Snapshot().Waiting)
	require.Equal(t, managed.OK, fine.Figures.Snapshot().Health)

	r.eventually(func() bool { return refused.Figures.Snapshot().Health == managed.Held }, "the refused one is held")
	s := refused.Figures.Snapshot()
	require.EqualValues(t, 100, s.Waiting)
	require.Equal(t, 403, s.LastError.Code)
	require.Contains(t, s.LastError.Text, "answered 403")
	require.WithinDuration(t, time.Now().Add(60*time.Second), s.NextAttempt, 15*time.Second)
	require.WithinDuration(t, time.Now(), s.Oldest, 30*time.Second)
	require.NotZero(t, s.Oldest)
	status := r.status()
	require.Contains(t, status, "the events of 1 streams wait: "+one+": ")
	require.Contains(t, status, "answered 403")

	r.set(two, "k2b")
	r.requireArrived("k2b", names(two, 0, 100), 10*time.Second)
	require.Empty(t, hanging.Figures.Snapshot().Dropped)
	intake.answers("k1b", http.StatusAccepted)
	r.set(one, "k1b")
	r.requireArrived("k1b", names(one, 0, 100), 10*time.Second)
	r.eventually(func() bool { return r.status() == "StatusOK" }, "the status")
}

// What waits because of the old credentials is tried again at once, not at the end of
// its wait.
func TestNewCredentialsWake(t *testing.T) {
	for name, old := range map[string]func(http.ResponseWriter, []string) int{
		"held": func(http.ResponseWriter, []string) int { return http.StatusForbidden },
		"told to wait": func(w http.ResponseWriter, _ []string) int {
			w.Header().Set("Retry-After", "3600")
			return http.StatusServiceUnavailable
		},
		"hangs": nil,
		"in quarantine": func(_ http.ResponseWriter, ids []string) int {
			if len(ids) == 1 && ids[0] != one+"/5" {
				return http.StatusAccepted // others are taken: it is the event that is refused
			}
			return http.StatusBadRequest
		},
	} {
		t.Run(name, func(t *testing.T) {
			intake := newAccounts(t)
			r := newManagedRig(t, fakestreams.New(), intake, "", map[string]any{"retry_on_failure": map[string]any{"initial_interval": "1h", "max_interval": "1h"}})
			stream := r.set(one, "old")
			if intake.behaves("old", old); old == nil {
				intake.hangs("old")
			}
			for i := range 10 {
				r.push(one, i, i+1)
			}
			if name == "in quarantine" {
				r.eventually(func() bool { return r.quarantined() == 1 }, "one is in quarantine")
				require.EqualValues(t, 1, stream.Figures.Snapshot().Waiting)
				r.eventually(func() bool { return stream.Figures.Snapshot().Health == managed.Held }, "it is held")
				require.Equal(t, 400, stream.Figures.Snapshot().LastError.Code)
				require.Contains(t, stream.Figures.Snapshot().LastError.Text, "1 refused events are in quarantine")
				require.WithinDuration(t, time.Now(), stream.Figures.Snapshot().Oldest, 30*time.Second)
			} else {
				r.eventually(func() bool { return intake.requests("old") > 0 }, "it was tried")
				if name != "hangs" {
					r.eventually(func() bool { return stream.Figures.Snapshot().LastError != nil }, "it waits")
				}
			}
			r.set(one, "new")
			taken := len(intake.of("old"))
			require.Eventually(t, func() bool { return len(intake.of("new")) == 10-taken }, 10*time.Second, time.Millisecond)
			r.eventually(func() bool { return stream.Figures.Snapshot().Waiting == 0 }, "the figures")
			require.EqualValues(t, 10, stream.Figures.Snapshot().Delivered)
			require.Zero(t, r.quarantined())
			r.eventually(func() bool { return stream.Figures.Snapshot().Health == managed.OK }, "all is well")
			r.Stop()
			require.NotContains(t, r.Log.String(), "Dropped")
		})
	}
}

// quarantined is the gauge over all streams.
func (r *managedRig) quarantined() (sum int64) {
	r.t.Helper()
	metric, err := r.Telemetry.GetMetric("otelcol_exporter_datadog_logs_quarantined_events")
	require.NoError(r.t, err)
	points := metric.Data.(metricdata.Gauge[int64]).DataPoints
	require.Len(r.t, points, 1)
	return points[0].Value
}

// A project without a stream loses its events with an acknowledgement; where nothing is
// known of any stream the sender keeps them.
func TestNoStream(t *testing.T) {
	r := newManagedRig(t, fakestreams.New(), newAccounts(t), "")
	r.push(one, 0, 3)
	require.NoError(t, r.ConsumeLogs(t.Context(), plog.NewLogs()))
	require.Equal(t, 3, r.source.Missed(one, managed.Datadog))
	require.Equal(t, map[string]int{"given_up": 0, "no_stream": 3, "rejected": 0, "too_large": 0, "too_old": 0}, r.Counts("dropped_events", "reason"))

	r.source.Unknown()
	err := r.ConsumeLogs(t.Context(), eventsOf(one, 0, 3))
	require.ErrorContains(t, err, "no stream is known yet")
	require.False(t, consumererror.IsPermanent(err))
	require.Equal(t, 3, r.source.Missed(one, managed.Datadog))
}

// Of a request of several projects only the refused part goes back.
func TestOnlyTheRefusedPartGoesBack(t *testing.T) {
	for name, settings := range map[string]map[string]any{
		"its queue is full":   {"sending_queue": map[string]any{"queue_size": 10, "batch": map[string]any{"min_size": 1, "max_size": 1}}},
		"all queues are full": {"max_queued_events": 13},
	} {
		t.Run(name, func(t *testing.T) {
			intake := newAccounts(t)
			r := newManagedRig(t, fakestreams.New(), intake, "", settings)
			full, fine := r.set(one, "k1"), r.set(two, "k2")
			intake.answers("k1", http.StatusForbidden)
			r.push(one, 0, 8)
			require.EqualValues(t, 8, full.Figures.Snapshot().Received)

			ld := eventsOf(two, 0, 2)
			appendEvents(ld, one, 8, 14)
			appendEvents(ld, two, 2, 4)
			appendEvents(ld, three, 0, 5)
			err := r.ConsumeLogs(t.Context(), ld)
			require.ErrorContains(t, err, "the stream of "+one+": ")
			require.False(t, consumererror.IsPermanent(err))
			var rest consumererror.Logs
			require.ErrorAs(t, err, &rest)
			require.Equal(t, 6, rest.Data().LogRecordCount())
			require.Equal(t, 15, ld.LogRecordCount(), "the request is shared")
			r.requireArrived("k2", names(two, 0, 4), 30*time.Second)
			require.Equal(t, 5, r.source.Missed(three, managed.Datadog))
			r.eventually(func() bool { return fine.Figures.Snapshot().Waiting == 0 }, "the figures")
			r.eventually(func() bool { return full.Figures.Snapshot().LastError.Code == 403 }, "the reason stays the destination's")
			s := full.Figures.Snapshot()
			require.EqualValues(t, 8, s.Received, "what is refused is not received")
			require.EqualValues(t, 8, s.Waiting)
			require.Equal(t, managed.Full, s.Health)

			r.set(one, "new")
			r.requireArrived("new", names(one, 0, 8), 10*time.Second)
			r.eventually(func() bool { return full.Figures.Snapshot().Waiting == 0 }, "there is room again")
			require.NoError(t, r.ConsumeLogs(t.Context(), rest.Data()))
			r.requireArrived("new", names(one, 0, 14), 30*time.Second)
			r.eventually(func() bool { return full.Figures.Snapshot().Health == managed.OK }, "the health")
		})
	}
}

// A request that no queue of this size can ever take is refused in words that say so: the
// queue is not full.
func TestARequestLargerThanTheQueue(t *testing.T) {
	r := newManagedRig(t, fakestreams.New(), newAccounts(t), "", map[string]any{"sending_queue": map[string]any{"queue_size": 10, "batch": map[string]any{"min_size": 1, "max_size": 1}}})
	stream := r.set(one, "k1")
	err := r.ConsumeLogs(t.Context(), eventsOf(one, 0, 11))
	require.EqualError(t, err, "the stream of "+one+": 11 events in one request, and its queue has room for 10: send fewer at a time, or raise sending_queue::queue_size")
	require.False(t, consumererror.IsPermanent(err))
	require.Equal(t, managed.Full, stream.Figures.Snapshot().Health)
	require.Zero(t, stream.Figures.Snapshot().Received)

	r.push(one, 0, 10)
	r.requireArrived("k1", names(one, 0, 10), 30*time.Second)
	r.eventually(func() bool { return stream.Figures.Snapshot().Health == managed.OK }, "the health")
}

// max_elapsed_time gives up, and counts.
func TestAStreamGivesUp(t *testing.T) {
	for name, retry := range map[string]map[string]any{
		"max_elapsed_time": {"initial_interval": "5ms", "max_interval": "5ms", "max_elapsed_time": "50ms"},
		"disabled":         {"enabled": false},
	} {
		t.Run(name, func(t *testing.T) {
			intake := newAccounts(t)
			r := newManagedRig(t, fakestreams.New(), intake, "", map[string]any{"retry_on_failure": retry})
			stream := r.set(one, "k")
			intake.answers("k", http.StatusServiceUnavailable)
			r.push(one, 0, 4)
			r.eventually(func() bool { return stream.Figures.Snapshot().Dropped["given_up"] == 4 }, "the figures")
			require.Zero(t, stream.Figures.Snapshot().Waiting)
			require.Equal(t, 4, r.Counts("dropped_events", "reason")["given_up"])
			r.Stop()
			require.Empty(t, intake.of("k"), "a shutdown does not try again what was given up")
		})
	}
}

// The exporter's metrics have its id, and no project's; its queue is that of all streams.
func TestMetricsOfStreams(t *testing.T) {
	intake := newAccounts(t)
	r := newManagedRig(t, fakestreams.New(), intake, "", map[string]any{"max_queued_events": 77})
	for project, key := range map[string]string{one: "k1", two: "k2", three: "k3"} {
		r.set(project, key)
		intake.answers(key, http.StatusForbidden)
		r.push(project, 0, 5)
	}
	intake.answers("k3b", http.StatusAccepted)
	r.set(three, "k3b")
	r.requireArrived("k3b", names(three, 0, 5), 30*time.Second)
	gauge := func(name string) int64 {
		metric, err := r.Telemetry.GetMetric(name)
		require.NoError(t, err)
		points := metric.Data.(metricdata.Gauge[int64]).DataPoints
		require.Len(t, points, 1)
		return points[0].Value
	}
	r.eventually(func() bool { return gauge("otelcol_exporter_queue_size") == 10 }, "the events of two streams wait")
	require.EqualValues(t, 77, gauge("otelcol_exporter_queue_capacity"))
	sent, err := r.Telemetry.GetMetric("otelcol_exporter_sent_log_records")
	require.NoError(t, err)
	require.Len(t, sent.Data.(metricdata.Sum[int64]).DataPoints, 1)
	require.EqualValues(t, 5, sent.Data.(metricdata.Sum[int64]).DataPoints[0].Value)

	var all metricdata.ResourceMetrics
	require.NoError(t, r.Telemetry.Reader.Collect(t.Context(), &all))
	require.NotEmpty(t, all.ScopeMetrics)
	var text strings.Builder
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, set := range attributesOf(m.Data) {
				text.WriteString(set + "\n")
			}
		}
	}
	require.Contains(t, text.String(), "exporter=datadog_logs/test")
	require.NotContains(t, text.String(), "project")
}
