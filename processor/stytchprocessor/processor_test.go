package stytchprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadatatest"
)

func event() plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "other")
	rl.Resource().Attributes().PutStr("region", "eu")
	rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(`{"event_id":"a"}`)
	return ld
}

func TestLabels(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Service = "auth.prod"
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	require.True(t, p.Capabilities().MutatesData)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, p.ConsumeLogs(t.Context(), event()))
	require.NoError(t, p.Shutdown(t.Context()))
	rl := sink.AllLogs()[0].ResourceLogs().At(0)
	require.Equal(t, map[string]any{"source": "stytch", "service.name": "auth.prod", "region": "eu"}, rl.Resource().Attributes().AsRaw())
	require.Equal(t, event().ResourceLogs().At(0).ScopeLogs(), rl.ScopeLogs())
}

func TestGateDropsWithAcknowledgement(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Enabled = false
	telemetry := componenttest.NewTelemetry()
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	core, logs := observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(t.Context(), set, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, p.ConsumeLogs(t.Context(), event()))
	require.NoError(t, p.ConsumeLogs(t.Context(), event()))
	require.Empty(t, sink.AllLogs())
	require.Equal(t, 1, logs.FilterMessageSnippet("The stream is disabled").Len())
	metadatatest.AssertEqualProcessorStytchDroppedEvents(t, telemetry, []metricdata.DataPoint[int64]{
		{Attributes: attribute.NewSet(attribute.String("reason", "disabled")), Value: 2},
	}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, p.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(t.Context()))
}

func TestConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	load := func(values map[string]any) (*Config, error) {
		cfg := createDefaultConfig().(*Config)
		if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
			return nil, err
		}
		return cfg, confmap.Validate(cfg)
	}
	cfg, err := load(nil)
	require.NoError(t, err)
	require.Equal(t, &Config{Source: "stytch", Service: "stytch.auth", Enabled: true}, cfg)
	cfg, err = load(map[string]any{"source": "a", "service": "b", "enabled": false})
	require.NoError(t, err)
	require.Equal(t, &Config{Source: "a", Service: "b"}, cfg)
	_, err = load(map[string]any{"source": "", "service": ""})
	require.EqualError(t, err, "source: must not be empty\nservice: must not be empty")
}
