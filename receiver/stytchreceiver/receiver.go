package stytchreceiver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/lokipush"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/receiver/stytchreceiver/internal/metadata"
)

// defaultMaxRequestBodySize is confighttp's own default, in bytes.
const defaultMaxRequestBodySize = 20 << 20

type stytchReceiver struct {
	cfg       *Config
	set       receiver.Settings
	next      consumer.Logs
	telemetry *metadata.TelemetryBuilder
	obsrep    *receiverhelper.ObsReport
	promote   []stytch.Field

	server  *http.Server
	serving sync.WaitGroup
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*stytchReceiver, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	obsrep, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	return &stytchReceiver{
		cfg: cfg, set: set, next: next, telemetry: telemetry, obsrep: obsrep,
		promote: stytch.Fields(cfg.Promote),
	}, nil
}

// Start opens the doors.
func (r *stytchReceiver) Start(ctx context.Context, host component.Host) error {
	server := r.cfg.HTTP
	// Webhooks carry no credentials, so each door authenticates for itself;
	// and each decodes for itself: Loki's deflate and snappy are not
	// confighttp's. An empty list, unlike nil, switches decoding off.
	server.Auth = configoptional.None[confighttp.AuthConfig]()
	server.CompressionAlgorithms = []string{}
	if server.MaxRequestBodySize <= 0 {
		server.MaxRequestBodySize = defaultMaxRequestBodySize
	}
	auth, err := newAuthenticator(ctx, r.cfg.HTTP.Auth, host)
	if err != nil {
		return err
	}
	mux, err := r.routes(auth, newBodyReader(server.MaxRequestBodySize, r.cfg.HTTP.CompressionAlgorithms))
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
	if auth == nil && (r.cfg.LokiPush.HasValue() || r.cfg.Events.HasValue()) && !loopback(listener.Addr()) {
		r.set.Logger.Warn("Anyone who reaches this address can push events: set `http::auth`",
			zap.String("endpoint", listener.Addr().String()))
	}
	if a, ok := auth.(*authenticator); ok && a.admitsEmpty(ctx) {
		r.set.Logger.Warn("`http::auth` lets an empty user name with an empty password in: are its environment variables set?")
	}
	r.serving.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// routes is the doors behind their paths.
func (r *stytchReceiver) routes(auth guard, bodies *bodyReader) (http.Handler, error) {
	mux := http.NewServeMux()
	open := func(path string, d *door) {
		d.stytchReceiver, d.bodies = r, bodies
		d.attrs, d.taken = d.measured(), d.measured(attribute.Int("http.response.status_code", d.success))
		mux.Handle(path, d)
	}
	if r.cfg.LokiPush.HasValue() {
		open(lokipush.Path, &door{
			name: "loki_push", success: http.StatusNoContent, writeError: plainError, guard: auth, formatOf: lokiFormat,
		})
	}
	if r.cfg.Events.HasValue() {
		open(r.cfg.Events.Get().Path, &door{
			name: "events", success: http.StatusAccepted, writeError: jsonError, guard: auth, formatOf: eventsFormat,
		})
	}
	if r.cfg.Webhook.HasValue() {
		secrets, err := r.cfg.Webhook.Get().keys()
		if err != nil {
			return nil, err
		}
		wh := &webhookDoor{secrets}
		open(r.cfg.Webhook.Get().Path, &door{
			name: "webhook", success: http.StatusAccepted, writeError: jsonError, guard: wh, formatOf: wh.format,
		})
	}
	mux.HandleFunc("GET "+readyPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ready\n") // as Loki's own
	})
	return mux, nil
}

// Shutdown closes the doors and waits for the requests that are inside.
func (r *stytchReceiver) Shutdown(ctx context.Context) error {
	var err error
	if r.server != nil {
		err = r.server.Shutdown(ctx)
	}
	r.serving.Wait()
	r.telemetry.Shutdown()
	return err
}

func loopback(addr net.Addr) bool {
	at, err := netip.ParseAddrPort(addr.String())
	return err != nil || at.Addr().IsLoopback() // an address without port is a Unix socket
}
