package stytchreceiver

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confighttp/xconfighttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.41.0/httpconv"
	"go.opentelemetry.io/otel/trace"
)

// newServer is confighttp's server, but for what otelhttp tells of each request
// there, a span and three metrics: where nobody would see it it is left out,
// being a tenth of what a request of one event costs. So it is by default: the
// collector makes no spans without a processor for them, and drops these
// metrics below the level `detailed`.
func newServer(ctx context.Context, cfg confighttp.ServerConfig, host component.Host, set component.TelemetrySettings, handler http.Handler) (*http.Server, error) {
	var seen bool
	server, err := cfg.ToServer(ctx, host.GetExtensions(), set, handler,
		xconfighttp.WithOtelHTTPOptions(otelhttp.WithFilter(func(*http.Request) bool { return seen })))
	// Only now: who makes a metric first decides on its buckets. A propagator
	// passes a sender's trace on to the pipeline, whether or not there are spans.
	seen = metricsSeen(ctx, set.MeterProvider) || spansSeen(ctx, set.TracerProvider) ||
		len(otel.GetTextMapPropagator().Fields()) > 0
	return server, err
}

// metricsSeen tells whether one of the metrics is kept. What a view drops has no
// aggregation in the SDK, and is not enabled.
func metricsSeen(ctx context.Context, provider metric.MeterProvider) bool {
	meter := provider.Meter(otelhttp.ScopeName, metric.WithInstrumentationVersion(otelhttp.Version))
	requestSize, err1 := httpconv.NewServerRequestBodySize(meter)
	responseSize, err2 := httpconv.NewServerResponseBodySize(meter)
	duration, err3 := httpconv.NewServerRequestDuration(meter)
	return err1 != nil || err2 != nil || err3 != nil ||
		requestSize.Enabled(ctx) || responseSize.Enabled(ctx) || duration.Enabled(ctx)
}

// spansSeen tells whether spans are made, by whether one gets an id of its own:
// it does even where the sampler does not want it. This one's parent was not
// wanted, so that only a sampler which takes every span keeps it.
func spansSeen(ctx context.Context, provider trace.TracerProvider) bool {
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true})
	_, span := provider.Tracer(otelhttp.ScopeName).Start(trace.ContextWithSpanContext(ctx, parent), "start of the stytch receiver")
	defer span.End()
	made := span.SpanContext()
	return made.IsValid() && made.SpanID() != parent.SpanID()
}
