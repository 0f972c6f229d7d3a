//go:build e2e_loki

package realloki

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-stytch/otelcol-stytch/exporter/lokiexporter"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// client is a Loki exporter of one tenant, without a queue: what it does is
// done when push returns.
type client struct {
	t        *testing.T
	tenant   string
	exporter exporter.Logs
	metrics  *componenttest.Telemetry

	component.Host
	mu       sync.Mutex
	statuses []componentstatus.Status
}

func (c *client) Report(e *componentstatus.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statuses = append(c.statuses, e.Status())
}

// retryNever has push return what an attempt came to.
var retryNever = map[string]any{"retry_on_failure": map[string]any{"enabled": false}}

func newClient(t *testing.T, loki *Loki, tenant string, settings ...map[string]any) *client {
	t.Helper()
	c := &client{t: t, tenant: tenant, metrics: componenttest.NewTelemetry(), Host: componenttest.NewNopHost()}
	factory := lokiexporter.NewFactory()
	cfg := factory.CreateDefaultConfig()
	values := map[string]any{
		"endpoint": loki.URL, "tenant_id": tenant, "sending_queue": map[string]any{"enabled": false},
		"labels":              map[string]any{"action": "stytch.action"},
		"structured_metadata": []any{"stytch.event_id", "stytch.request_id", "http.response.status_code"},
		"retry_on_failure":    map[string]any{"initial_interval": "50ms", "max_interval": "200ms", "multiplier": 1.5},
	}
	for _, more := range settings {
		maps.Copy(values, more)
	}
	require.NoError(t, confmap.NewFromStringMap(values).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	set := exportertest.NewNopSettings(factory.Type())
	set.TelemetrySettings = c.metrics.NewTelemetrySettings()
	var err error
	c.exporter, err = factory.CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, c.exporter.Start(t.Context(), c))
	t.Cleanup(func() {
		require.NoError(t, c.exporter.Shutdown(context.Background()))
		require.NoError(t, c.metrics.Shutdown(context.Background()))
	})
	return c
}

func (c *client) push(events ...testdata.Event) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	return c.exporter.ConsumeLogs(ctx, logs(events))
}

// logs is what our receiver and processor make of events.
func logs(events []testdata.Event) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr(stytch.AttrSource, stytch.DefaultSource)
	rl.Resource().Attributes().PutStr(stytch.AttrServiceName, stytch.DefaultService)
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, event := range events {
		lr := records.AppendEmpty()
		lr.SetTimestamp(pcommon.NewTimestampFromTime(event.Time))
		lr.Body().SetStr(event.JSON)
		var read stytch.Event
		if read.Scan(event.JSON, nil) == nil {
			read.Record(lr, nil)
		}
	}
	return ld
}

// stored is what Loki is to hold of events, by time.
func stored(events []testdata.Event) (entries []Entry) {
	for _, event := range events {
		e := Entry{
			Labels:    map[string]string{"source": "stytch", "service_name": "stytch.auth"},
			Timestamp: event.Time.UnixNano(), Line: event.JSON,
		}
		lr := logs([]testdata.Event{event}).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		for name, v := range lr.Attributes().All() {
			switch name {
			case "stytch.action":
				e.Labels["action"] = v.AsString()
			case "stytch.event_id", "stytch.request_id", "http.response.status_code":
				if e.Metadata == nil {
					e.Metadata = map[string]string{}
				}
				e.Metadata[strings.ReplaceAll(name, ".", "_")] = v.AsString()
			}
		}
		entries = append(entries, e)
	}
	return entries
}

func (c *client) requireStored(loki *Loki, events []testdata.Event) {
	c.t.Helper()
	entries, err := loki.Entries(c.t.Context(), c.tenant)
	require.NoError(c.t, err)
	require.Equal(c.t, stored(events), entries)
}

// counts are the exporter's own counters: delivered, and dropped by reason.
func (c *client) counts() map[string]int {
	c.t.Helper()
	counts := map[string]int{}
	for metric, name := range map[string]string{"delivered_events": "delivered", "dropped_events": "", "splits": "split"} {
		got, err := c.metrics.GetMetric("otelcol_exporter_loki_" + metric)
		if err != nil {
			continue // nothing was counted
		}
		for _, point := range got.Data.(metricdata.Sum[int64]).DataPoints {
			reason, _ := point.Attributes.Value("reason")
			if point.Value > 0 { // each is there from the start
				counts[name+reason.AsString()] += int(point.Value)
			}
		}
	}
	return counts
}

func event(at time.Time, text string) testdata.Event {
	return testdata.Event{JSON: text, Time: at}
}

// ofSize is an event of a number of bytes.
func ofSize(at time.Time, n int) testdata.Event {
	prefix, suffix := fmt.Sprintf(`{"at":"%d","filler":"`, at.UnixNano()), `"}`
	return event(at, prefix+strings.Repeat("x", n-len(prefix)-len(suffix))+suffix)
}
