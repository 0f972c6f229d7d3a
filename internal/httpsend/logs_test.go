package httpsend

import (
	"context"
	"errors"
	"math"
	"testing"

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

// start starts an exporter of bodies as they are, whose requests come to push.
func start(t *testing.T, queue configoptional.Optional[exporterhelper.QueueBatchConfig], push func(context.Context, *payload.Request) error) exporter.Logs {
	t.Helper()
	f := &payload.Format{
		Head:     func(dst []byte, _ string, _ int) []byte { return dst },
		MaxBytes: math.MaxInt, MaxRecords: math.MaxInt, Codec: payload.None,
	}
	logs, err := NewLogs(t.Context(), exportertest.NewNopSettings(component.MustNewType("test")), Backend{
		Format: f,
		Encode: func(ld plog.Logs) *payload.Request {
			return f.Build(func(to *payload.Builder) {
				for i, lr := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
					to.End(append(to.Begin(), lr.Body().Str()...), payload.Record{Position: uint32(i)})
				}
			})
		},
		Push: push, Queue: queue, Retry: configretry.BackOffConfig{},
	})
	require.NoError(t, err)
	require.NoError(t, logs.Start(t.Context(), componenttest.NewNopHost()))
	return logs
}

func TestWithoutAQueueTheErrorHoldsTheRest(t *testing.T) {
	logs := start(t, configoptional.None[exporterhelper.QueueBatchConfig](), func(_ context.Context, r *payload.Request) error {
		rest, err := r.Without(func(x *payload.Record) bool { return x.Position != 1 })
		require.NoError(t, err)
		return &payload.Undelivered{Err: errors.New("busy"), Rest: rest}
	})
	var left consumererror.Logs
	require.ErrorAs(t, logs.ConsumeLogs(t.Context(), logsOf("a", "b", "c")), &left)
	require.ErrorContains(t, left, "busy")
	require.Equal(t, 1, left.Data().LogRecordCount())
	require.Equal(t, "b", left.Data().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str())
	require.NoError(t, logs.Shutdown(t.Context()))
}

// Pipelines that share the logs need no copies for an exporter that encodes them
// at once, batch or no batch.
func TestTheQueueHoldsNoLogs(t *testing.T) {
	var sent string
	logs := start(t, DefaultQueue(), func(_ context.Context, r *payload.Request) error {
		var p payload.Payload
		_, err := payload.NewBatch(r).Fill(&p, 0, r.ItemsCount())
		require.NoError(t, err)
		text, err := p.AppendPlain(nil)
		sent += string(text)
		return err
	})
	require.False(t, logs.Capabilities().MutatesData)
	ld := logsOf("a", "b")
	require.NoError(t, logs.ConsumeLogs(t.Context(), ld))
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr("changed")
	require.NoError(t, logs.ConsumeLogs(t.Context(), logsOf("c")))
	require.NoError(t, logs.Shutdown(t.Context()))
	require.Equal(t, "abc", sent)
}
