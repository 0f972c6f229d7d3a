package stytchreceiver

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/httpserve"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
)

// defaultMaxRequestBodySize is confighttp's own default, in bytes.
const defaultMaxRequestBodySize = 20 << 20

type stytchReceiver struct {
	cfg      *Config
	set      receiver.Settings
	next     consumer.Logs
	builder  *metadata.TelemetryBuilder
	obsrep   *receiverhelper.ObsReport
	promote  []stytch.Field
	budget   *budget
	patience time.Duration // see patienceOf
	grace    time.Duration

	server  *http.Server
	serving sync.WaitGroup
	waits   waits
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*stytchReceiver, error) {
	builder, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	obsrep, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	patience, grace := patienceOf(cfg.HTTP.WriteTimeout)
	return &stytchReceiver{
		cfg: cfg, set: set, next: next, builder: builder, obsrep: obsrep,
		promote: stytch.Fields(cfg.Promote), budget: newBudget(cfg.MaxInflightBytes), patience: patience, grace: grace,
	}, nil
}

// Start serves the protocols that are on.
func (r *stytchReceiver) Start(ctx context.Context, host component.Host) error {
	server := r.cfg.HTTP
	// Each protocol authenticates senders itself, since webhooks carry no credentials,
	// and decompresses bodies itself, since Loki's deflate and snappy are not
	// confighttp's. An empty list, unlike nil, switches decompression off.
	server.Auth = configoptional.None[confighttp.AuthConfig]()
	server.CompressionAlgorithms = []string{}
	if server.MaxRequestBodySize <= 0 {
		server.MaxRequestBodySize = defaultMaxRequestBodySize
	}
	auth, err := r.newExtensionAuth(ctx, host)
	if err != nil {
		return err
	}
	mux, err := r.routes(auth, server.MaxRequestBodySize)
	if err != nil {
		return err
	}
	if r.server, err = newServer(ctx, server, host, r.set.TelemetrySettings, mux); err != nil {
		return err
	}
	listener, err := server.ToListener(ctx)
	if err != nil {
		return err
	}
	r.set.Logger.Info("Listening for Stytch events", zap.String("endpoint", listener.Addr().String()))
	if auth == nil && (r.cfg.LokiPush.HasValue() || r.cfg.Events.HasValue()) && !httpserve.Loopback(listener.Addr()) {
		r.set.Logger.Warn("Anyone who reaches this address can push events: set `http::auth`",
			zap.String("endpoint", listener.Addr().String()))
	}
	r.serving.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

const (
	// endAfter is when a shutdown answers the requests that are in the pipelines.
	endAfter = 3 * time.Second
	// closeAfter is when it closes the connections that still send.
	closeAfter = 5 * time.Second
)

// Shutdown accepts no more requests and waits until the others are answered, at most
// closeAfter. A sender without an answer sends again.
func (r *stytchReceiver) Shutdown(ctx context.Context) error {
	var err error
	if r.server != nil {
		ending := time.AfterFunc(endAfter, r.waits.end)
		bounded, cancel := context.WithTimeout(ctx, closeAfter)
		err = r.server.Shutdown(bounded)
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.Join(r.server.Close(), ctx.Err())
		}
		cancel()
		ending.Stop()
		r.waits.end()
	}
	r.serving.Wait()
	r.builder.Shutdown()
	return err
}
