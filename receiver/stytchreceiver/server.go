package stytchreceiver

import (
	"context"
	"io"
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

// routes returns the handler of all paths. Limit is the largest body in bytes.
func (r *stytchReceiver) routes(auth *extensionAuth, limit int64) (http.Handler, error) {
	mux := http.NewServeMux()
	handle := func(p protocol, bodies bodyLimits) { mux.Handle(p.endpoint().path, newRoute(r, p, bodies)) }
	bodies, encodings := bodyLimits{limit, r.budget.bodies, auth != nil}, r.cfg.HTTP.CompressionAlgorithms
	if r.cfg.LokiPush.HasValue() {
		handle(&lokiPush{extensionAuth: auth, encodings: encodings}, bodies)
	}
	if r.cfg.Events.HasValue() {
		handle(&events{extensionAuth: auth, encodings: encodings, path: r.cfg.Events.Get().Path}, bodies)
	}
	if r.cfg.Webhook.HasValue() {
		cfg := r.cfg.Webhook.Get()
		secrets, err := cfg.keys()
		if err != nil {
			return nil, err
		}
		handle(&webhook{path: cfg.Path, secrets: secrets}, bodyLimits{limit: min(cfg.MaxBodySize, limit), pool: r.budget.webhooks})
	}
	mux.HandleFunc("GET "+readyPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ready\n") // as Loki's own
	})
	return mux, nil
}

// newServer returns confighttp's server. Without spans and metrics of HTTP servers it
// leaves otelhttp out, which costs a tenth of a request of one event. That is the
// default: the collector makes no spans without a span processor, and drops these
// metrics below the level `detailed`.
func newServer(ctx context.Context, cfg confighttp.ServerConfig, host component.Host, set component.TelemetrySettings, handler http.Handler) (*http.Server, error) {
	var seen bool
	server, err := cfg.ToServer(ctx, host.GetExtensions(), set, handler,
		xconfighttp.WithOtelHTTPOptions(otelhttp.WithFilter(func(*http.Request) bool { return seen })))
	// Only now: the first to create a metric decides on its buckets. A propagator passes
	// a sender's trace on to the pipelines, with or without spans.
	seen = metricsSeen(ctx, set.MeterProvider) || spansSeen(ctx, set.TracerProvider) ||
		len(otel.GetTextMapPropagator().Fields()) > 0
	return server, err
}

// metricsSeen tells whether one of otelhttp's metrics is enabled: a metric that a view
// drops is not.
func metricsSeen(ctx context.Context, provider metric.MeterProvider) bool {
	meter := provider.Meter(otelhttp.ScopeName, metric.WithInstrumentationVersion(otelhttp.Version))
	requestSize, err1 := httpconv.NewServerRequestBodySize(meter)
	responseSize, err2 := httpconv.NewServerResponseBodySize(meter)
	duration, err3 := httpconv.NewServerRequestDuration(meter)
	return err1 != nil || err2 != nil || err3 != nil ||
		requestSize.Enabled(ctx) || responseSize.Enabled(ctx) || duration.Enabled(ctx)
}

// spansSeen tells whether the provider makes spans: it starts one and looks for an id of
// its own, which even a span that is not sampled gets. The parent is not sampled, so that
// only a sampler that keeps every span keeps this one.
func spansSeen(ctx context.Context, provider trace.TracerProvider) bool {
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true})
	_, span := provider.Tracer(otelhttp.ScopeName).Start(trace.ContextWithSpanContext(ctx, parent), "start of the stytch receiver")
	defer span.End()
	made := span.SpanContext()
	return made.IsValid() && made.SpanID() != parent.SpanID()
}
