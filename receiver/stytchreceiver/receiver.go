package stytchreceiver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

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
	budget    *budget
	patience  time.Duration // see patienceOf
	heed      time.Duration

	server  *http.Server
	serving sync.WaitGroup
	waits   waits
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
	patience, heed := patienceOf(cfg.HTTP.WriteTimeout)
	return &stytchReceiver{
		cfg: cfg, set: set, next: next, telemetry: telemetry, obsrep: obsrep,
		promote: stytch.Fields(cfg.Promote), budget: newBudget(cfg.MaxInflightBytes), patience: patience, heed: heed,
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
	auth, err := r.authenticator(ctx, host)
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
	if auth == nil && (r.cfg.LokiPush.HasValue() || r.cfg.Events.HasValue()) && !loopback(listener.Addr()) {
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

// routes is the doors behind their paths. Limit is that of bodies, in bytes.
func (r *stytchReceiver) routes(auth guard, limit int64) (http.Handler, error) {
	mux := http.NewServeMux()
	open := func(path string, d *door) {
		d.stytchReceiver, d.refusals = r, newRefusals(r.set.Logger, d.name)
		d.attrs, d.taken = d.measured(), d.measured(attribute.Int("http.response.status_code", d.success))
		d.zero(context.Background())
		mux.Handle(path, d)
	}
	bodies := &bodyReader{limit: limit, encodings: r.cfg.HTTP.CompressionAlgorithms, trusted: auth != nil}
	if r.cfg.LokiPush.HasValue() {
		open(lokipush.Path, &door{
			name: "loki_push", success: http.StatusNoContent, writeError: plainError, guard: auth, formatOf: lokiFormat,
			bodies: bodies, sent: r.budget.bodies,
		})
	}
	if r.cfg.Events.HasValue() {
		open(r.cfg.Events.Get().Path, &door{
			name: "events", success: http.StatusAccepted, writeError: jsonError, guard: auth, formatOf: eventsFormat,
			bodies: bodies, sent: r.budget.bodies,
		})
	}
	if r.cfg.Webhook.HasValue() {
		webhook := r.cfg.Webhook.Get()
		secrets, err := webhook.keys()
		if err != nil {
			return nil, err
		}
		wh := &webhookDoor{secrets}
		open(webhook.Path, &door{
			name: "webhook", success: http.StatusAccepted, writeError: jsonError, guard: wh, formatOf: wh.format,
			bodies: &bodyReader{limit: min(webhook.MaxBodySize, limit)}, sent: r.budget.webhooks,
		})
	}
	mux.HandleFunc("GET "+readyPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ready\n") // as Loki's own
	})
	return mux, nil
}

// How long requests may go on once the receiver stops: until those that wait for
// the pipelines are refused, and until those that still send are cut off.
const (
	endAfter   = 3 * time.Second
	closeAfter = 5 * time.Second
)

// Shutdown takes no more requests and waits, 5 s at most, until those that have
// come are answered. A sender that got no answer sends again.
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
	r.telemetry.Shutdown()
	return err
}

func loopback(addr net.Addr) bool {
	at, err := netip.ParseAddrPort(addr.String())
	return err != nil || at.Addr().IsLoopback() // an address without port is a Unix socket
}
