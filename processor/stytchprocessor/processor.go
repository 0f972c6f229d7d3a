package stytchprocessor

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

type stytchProcessor struct {
	cfg          *Config
	logger       *zap.Logger
	telemetry    *metadata.TelemetryBuilder
	disabled     metric.MeasurementOption
	disabledOnce sync.Once
}

func newProcessor(set processor.Settings, cfg *Config) (*stytchProcessor, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &stytchProcessor{
		cfg: cfg, logger: set.Logger, telemetry: telemetry,
		disabled: metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", "disabled"))),
	}, nil
}

func (p *stytchProcessor) process(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	if !p.cfg.Enabled {
		p.telemetry.ProcessorStytchDroppedEvents.Add(ctx, int64(ld.LogRecordCount()), p.disabled)
		p.disabledOnce.Do(func() {
			p.logger.Info("The stream is disabled: events are acknowledged and dropped, and will not be sent later")
		})
		return ld, processorhelper.ErrSkipProcessingData
	}
	for _, rl := range ld.ResourceLogs().All() {
		attrs := rl.Resource().Attributes()
		attrs.PutStr(stytch.AttrSource, p.cfg.Source)
		attrs.PutStr(stytch.AttrServiceName, p.cfg.Service)
	}
	return ld, nil
}

func (p *stytchProcessor) shutdown(context.Context) error {
	p.telemetry.Shutdown()
	return nil
}
