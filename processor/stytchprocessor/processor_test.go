package stytchprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
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
	w := newWorld(t, func(cfg *Config) {
		cfg.Enabled = false
		cfg.Deduplicate.GetOrInsertDefault()
	})
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs("a", "b")))
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), logs("a")))
	require.Empty(t, w.sink.AllLogs())
	require.Equal(t, 1, w.logged.FilterMessageSnippet("The stream is disabled").Len())
	w.requireDropped(map[string]int64{"disabled": 3})
	w.requireRemembered(0)
}

func TestNothingIsProducedAfterShutdown(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	processortest.VerifyShutdown(t, NewFactory(), cfg)
	cfg.Deduplicate.GetOrInsertDefault()
	processortest.VerifyShutdown(t, NewFactory(), cfg)
}

func TestConfig(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	defaults := DeduplicateConfig{Window: 10 * time.Minute, MaxEvents: 500_000}
	for _, c := range []struct {
		name   string
		values map[string]any
		want   *Config
		err    string
	}{
		{"defaults", nil, &Config{Source: "stytch", Service: "stytch.auth", Enabled: true, Deduplicate: configoptional.Default(defaults)}, ""},
		{"all", map[string]any{
			"source": "a", "service": "b", "enabled": false,
			"deduplicate": map[string]any{"window": "1h", "max_events": 7},
		}, &Config{Source: "a", Service: "b", Deduplicate: configoptional.Some(DeduplicateConfig{Window: time.Hour, MaxEvents: 7})}, ""},
		{"deduplicate with its defaults", map[string]any{"deduplicate": map[string]any{}}, &Config{
			Source: "stytch", Service: "stytch.auth", Enabled: true, Deduplicate: configoptional.Some(defaults),
		}, ""},
		{"deduplicate without a value", map[string]any{"deduplicate": nil}, &Config{
			Source: "stytch", Service: "stytch.auth", Enabled: true, Deduplicate: configoptional.Some(defaults),
		}, ""},
		{"deduplicate off", map[string]any{"deduplicate": map[string]any{"enabled": false, "window": "1h"}}, &Config{
			Source: "stytch", Service: "stytch.auth", Enabled: true, Deduplicate: configoptional.None[DeduplicateConfig](),
		}, ""},
		{"empty labels", map[string]any{"source": "", "service": ""}, nil, "source: must not be empty\nservice: must not be empty"},
		{
			"empty memory",
			map[string]any{"deduplicate": map[string]any{"window": 0, "max_events": -1}},
			nil,
			"deduplicate: window: must be between 1s and 8760h0m0s, got 0s: write it with a unit, such as 10m\nmax_events: must be between 1 and 1073741824, got -1",
		},
		{
			"a window without a unit",
			map[string]any{"deduplicate": map[string]any{"window": 600}},
			nil,
			"deduplicate: window: must be between 1s and 8760h0m0s, got 600ns: write it with a unit, such as 10m",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			require.NoError(t, confmap.NewFromStringMap(c.values).Unmarshal(cfg))
			err := confmap.Validate(cfg)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, cfg)
		})
	}
}
