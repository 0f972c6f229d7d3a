package stytchprocessor

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadatatest"
)

// world is a processor between a test and a sink, with its metrics and log lines.
type world struct {
	t         *testing.T
	processor processor.Logs
	sink      *consumertest.LogsSink
	telemetry *componenttest.Telemetry
	host      component.Host
	logged    *observer.ObservedLogs
}

func newWorld(t *testing.T, configure func(*Config)) *world {
	sink := new(consumertest.LogsSink)
	w := newWorldBefore(t, sink, configure)
	w.sink = sink
	return w
}

func newWorldBefore(t *testing.T, next consumer.Logs, configure func(*Config)) *world {
	t.Helper()
	return newWorldIn(t, componenttest.NewNopHost(), next, configure)
}

func newWorldIn(t *testing.T, host component.Host, next consumer.Logs, configure func(*Config)) *world {
	t.Helper()
	w := &world{t: t, telemetry: componenttest.NewTelemetry(), host: host}
	t.Cleanup(func() { require.NoError(t, w.telemetry.Shutdown(context.Background())) })
	w.processor = w.instance(next, configure)
	return w
}

// instance is a processor of that id; the log lines are those of the latest.
func (w *world) instance(next consumer.Logs, configure func(*Config)) processor.Logs {
	w.t.Helper()
	set := processortest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type)
	set.TelemetrySettings = w.telemetry.NewTelemetrySettings()
	core, logged := observer.New(zap.InfoLevel)
	set.Logger, w.logged = zap.New(core), logged
	cfg := createDefaultConfig().(*Config)
	configure(cfg)
	p, err := NewFactory().CreateLogs(w.t.Context(), set, cfg, next)
	require.NoError(w.t, err)
	require.NoError(w.t, p.Start(w.t.Context(), w.host))
	w.t.Cleanup(func() { require.NoError(w.t, p.Shutdown(context.Background())) })
	return p
}

// deduplicating is a configuration for newWorld.
func deduplicating(cfg *Config) { cfg.Deduplicate.GetOrInsertDefault() }

// lines are the lines of the log: level, message and fields.
func (w *world) lines() (lines []string) {
	for _, entry := range w.logged.All() {
		line := []string{entry.Level.String() + ": " + entry.Message}
		for name, value := range entry.ContextMap() {
			line = append(line, fmt.Sprintf("%s=%v", name, value))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	return lines
}

var ofProcessor = attribute.String("processor", metadata.Type.String())

func (w *world) requireDropped(byReason map[string]int64) {
	w.t.Helper()
	var want []metricdata.DataPoint[int64]
	for _, reason := range []string{"disabled", "duplicate"} {
		want = append(want, metricdata.DataPoint[int64]{Attributes: attribute.NewSet(ofProcessor, attribute.String("reason", reason)), Value: byReason[reason]})
	}
	metadatatest.AssertEqualProcessorStytchDroppedEvents(w.t, w.telemetry, want, metricdatatest.IgnoreTimestamp())
}

func (w *world) requireForgotten(n int64) {
	w.t.Helper()
	metadatatest.AssertEqualProcessorStytchForgottenEvents(w.t, w.telemetry, []metricdata.DataPoint[int64]{
		{Attributes: attribute.NewSet(ofProcessor), Value: n},
	}, metricdatatest.IgnoreTimestamp())
}

func (w *world) requireRemembered(n int64) {
	w.t.Helper()
	metadatatest.AssertEqualProcessorStytchRememberedEvents(w.t, w.telemetry, []metricdata.DataPoint[int64]{
		{Attributes: attribute.NewSet(ofProcessor), Value: n},
	}, metricdatatest.IgnoreTimestamp())
}

// logs is a request with an event of each id. An id that begins with msg_ is a
// webhook's; of webhooks the event id tells nothing.
func logs(ids ...string) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, id := range ids {
		add(records, id)
	}
	return ld
}

func add(records plog.LogRecordSlice, id string) {
	lr := records.AppendEmpty()
	lr.Body().SetStr(id)
	switch {
	case strings.HasPrefix(id, "msg_"):
		lr.Attributes().PutStr(stytch.AttrEventID, "the same")
		lr.Attributes().PutStr(stytch.AttrWebhookID, id)
	case id != "":
		lr.Attributes().PutStr(stytch.AttrEventID, id)
	}
}

// ids lists the events of requests in order.
func ids(requests ...plog.Logs) []string {
	list := []string{}
	for _, ld := range requests {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					list = append(list, lr.Body().Str())
				}
			}
		}
	}
	return list
}

// dropped returns the dropped events by their reason.
func (w *world) dropped() map[string]int {
	metric, err := w.telemetry.GetMetric("otelcol_processor_stytch_dropped_events")
	require.NoError(w.t, err)
	byReason := map[string]int{}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		reason, _ := point.Attributes.Value("reason")
		byReason[reason.AsString()] = int(point.Value)
	}
	return byReason
}
