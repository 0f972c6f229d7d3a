package stytchreceiver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// drop is a view that drops metrics of otelhttp, as the collector has one of
// all of them below the level `detailed`.
func drop(name string) metric.View {
	return metric.NewView(metric.Instrument{Name: name, Scope: instrumentation.Scope{Name: otelhttp.ScopeName}},
		metric.Stream{Aggregation: metric.AggregationDrop{}})
}

// serve sends one request, which belongs to a trace, through a server. It
// returns the context of its handler and the metrics of it that were kept.
func serve(t *testing.T, tracers trace.TracerProvider, views ...metric.View) (ctx context.Context, kept map[string]metricdata.Aggregation) {
	t.Helper()
	reader := metric.NewManualReader()
	set := componenttest.NewNopTelemetrySettings()
	set.TracerProvider, set.MeterProvider = tracers, metric.NewMeterProvider(metric.WithReader(reader), metric.WithView(views...))
	server, err := newServer(t.Context(), createDefaultConfig().(*Config).HTTP, componenttest.NewNopHost(), set,
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() }))
	require.NoError(t, err)
	req := httptest.NewRequest(http.MethodPost, "/", nil)
	req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	server.Handler.ServeHTTP(httptest.NewRecorder(), req)

	var read metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &read))
	kept = map[string]metricdata.Aggregation{}
	for _, scope := range read.ScopeMetrics {
		for _, m := range scope.Metrics {
			kept[m.Name] = m.Data
		}
	}
	return ctx, kept
}

// observed tells whether otelhttp had a part in a request.
func observed(ctx context.Context) bool {
	_, found := otelhttp.LabelerFromContext(ctx)
	return found
}

func TestRequestsThatNobodySeesAreNotObserved(t *testing.T) {
	ctx, kept := serve(t, noop.NewTracerProvider(), drop("*"))
	require.False(t, observed(ctx))
	require.Empty(t, kept)
}

// These are all the metrics that otelhttp makes: each alone is a reason.
func TestRequestsAreMeasured(t *testing.T) {
	all := []string{"http.server.request.body.size", "http.server.request.duration", "http.server.response.body.size"}
	ctx, kept := serve(t, noop.NewTracerProvider())
	require.True(t, observed(ctx))
	require.Len(t, kept, len(all))
	buckets := kept["http.server.request.duration"].(metricdata.Histogram[float64]).DataPoints[0].Bounds
	require.Contains(t, buckets, 0.005, "otelhttp's own, in seconds")
	for i, name := range all {
		require.Contains(t, kept, name)
		ctx, kept := serve(t, noop.NewTracerProvider(), drop(all[(i+1)%3]), drop(all[(i+2)%3]))
		require.True(t, observed(ctx), name)
		require.Len(t, kept, 1)
		require.Contains(t, kept, name)
	}
}

func TestRequestsAreTraced(t *testing.T) {
	for sampler, want := range map[sdktrace.Sampler]int{
		sdktrace.ParentBased(sdktrace.AlwaysSample()): 1,
		sdktrace.NeverSample():                        0,
		sdktrace.AlwaysSample():                       2, // that of the start as well
	} {
		spans := tracetest.NewSpanRecorder()
		ctx, _ := serve(t, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sampler)), drop("*"))
		require.True(t, observed(ctx))
		require.Len(t, spans.Ended(), want, sampler.Description())
		require.True(t, trace.SpanContextFromContext(ctx).IsValid())
	}
}

// Where a propagator is set the sender's trace goes on into the pipeline.
func TestTraceOfTheSenderGoesOn(t *testing.T) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator()) })
	ctx, _ := serve(t, noop.NewTracerProvider(), drop("*"))
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", trace.SpanContextFromContext(ctx).TraceID().String())
}
