package stytchmanagementextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	bbolt "go.etcd.io/bbolt/errors"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/page"
	"github.com/otelcol-stytch/otelcol-stytch/internal/httpserve"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

var (
	_ managed.Source                  = (*managementExtension)(nil)
	_ extensioncapabilities.Dependent = (*managementExtension)(nil)
)

type managementExtension struct {
	cfg      *Config
	set      extension.Settings
	control  *control
	access   *access
	projects map[slugPair]string         // project ids
	slugs    map[string]*environmentView // by project id
	sources
	observer atomic.Pointer[managed.Observer]
	page     *page.Page

	tables        tableCache
	stopFollowing context.CancelFunc // nil: it does not follow

	client  storage.Client
	server  *http.Server
	serving sync.WaitGroup
}

type slugPair struct{ project, environment string }

func newExtension(set extension.Settings, cfg *Config) *managementExtension {
	e := &managementExtension{
		cfg: cfg, set: set,
		control:  &control{logger: set.Logger, health: func(error) {}},
		access:   newAccess(cfg.WorkspaceKeys, set.Logger),
		projects: make(map[slugPair]string, len(cfg.Environments)),
		slugs:    make(map[string]*environmentView, len(cfg.Environments)),
		sources:  newSources(),
	}
	if cfg.Follow.HasValue() {
		e.control.leader = cfg.Follow.Get().ClientConfig.Endpoint
	}
	for _, env := range cfg.Environments {
		e.projects[slugPair{env.ProjectSlug, env.EnvironmentSlug}] = env.ProjectID
		e.slugs[env.ProjectID] = &environmentView{env.ProjectSlug, env.EnvironmentSlug}
	}
	e.page = e.newPage()
	return e
}

// Dependencies makes the storage start before the extension.
func (e *managementExtension) Dependencies() []component.ID { return []component.ID{*e.cfg.Storage} }

// Start reads the streams and serves.
func (e *managementExtension) Start(ctx context.Context, host component.Host) error {
	e.control.health = statusReporter(host)
	if err := e.load(ctx, host); err != nil {
		return err
	}
	server, err := e.newServer(ctx, host)
	if err != nil {
		return err
	}
	listener, err := e.cfg.HTTP.ToListener(ctx)
	if err != nil {
		return err
	}
	e.set.Logger.Info("Serving the management of streams", zap.String("endpoint", listener.Addr().String()))
	if !e.cfg.HTTP.TLS.HasValue() && !httpserve.Loopback(listener.Addr()) {
		e.set.Logger.Warn("Credentials pass this address unencrypted: set `http::tls`, unless something before it ends TLS",
			zap.String("endpoint", listener.Addr().String()))
	}
	e.page.Start()
	e.server = server
	e.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	if e.cfg.Follow.HasValue() {
		return e.startFollowing(ctx, host)
	}
	return nil
}

// load opens the storage and reads what it holds.
func (e *managementExtension) load(ctx context.Context, host component.Host) error {
	keys, err := e.cfg.sealKeys()
	if err != nil {
		return err
	}
	seals, err := newSeals(keys)
	if err != nil {
		return err
	}
	if len(seals) == 0 {
		e.set.Logger.Warn("The streams' credentials are stored as plain text: set `encryption_keys`")
	}
	id := *e.cfg.Storage
	found, ok := host.GetExtensions()[id]
	if !ok {
		return fmt.Errorf("storage: no extension %q is enabled: list it in service::extensions", id)
	}
	opener, ok := found.(storage.Extension)
	if !ok {
		return fmt.Errorf("storage: the extension %q is no storage", id)
	}
	e.client, err = opener.GetClient(ctx, component.KindExtension, e.set.ID, "")
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		return fmt.Errorf("storage: another process has the file of %q open: stop it, or give each collector a directory of its own", id)
	case err != nil:
		return fmt.Errorf("storage: opening %q: %w", id, err)
	}
	if err := e.control.load(ctx, &store{e.client, seals}); err != nil {
		return fmt.Errorf("storage: reading %q: %w", id, err)
	}
	if table := e.Table(); table != nil {
		e.set.Logger.Info("Read the stored streams", zap.Int("streams", table.Len()))
	}
	return nil
}

// statusReporter tells the host whether the storage works, where that has changed.
func statusReporter(host component.Host) func(error) {
	failing := false // called under control's mutex
	return func(err error) {
		switch {
		case err != nil:
			failing = true
			componentstatus.ReportStatus(host, componentstatus.NewRecoverableErrorEvent(fmt.Errorf("storing a change of a stream: %w", err)))
		case failing:
			failing = false
			componentstatus.ReportStatus(host, componentstatus.NewEvent(componentstatus.StatusOK))
		}
	}
}

// closeAfter is how long a shutdown waits for requests that are being answered.
const closeAfter = 5 * time.Second

// Shutdown ends the server, and then the storage.
func (e *managementExtension) Shutdown(ctx context.Context) error {
	var errs []error
	e.page.Shutdown() // ends its streams of events, which the server would wait for
	if e.server != nil {
		bounded, cancel := context.WithTimeout(ctx, closeAfter)
		err := e.server.Shutdown(bounded)
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.Join(e.server.Close(), ctx.Err())
		}
		cancel()
		errs = append(errs, err)
		e.server = nil
	}
	if e.stopFollowing != nil {
		e.stopFollowing()
	}
	e.serving.Wait()
	if e.client != nil {
		errs = append(errs, e.client.Close(ctx))
		e.client = nil
	}
	return errors.Join(errs...)
}

// Table is managed.Source's.
func (e *managementExtension) Table() *managed.Table { return e.control.table.Load() }

// Watch is managed.Source's.
func (e *managementExtension) Watch(changed func(*managed.Table)) (stop func()) {
	return e.control.watch(changed)
}

// Observer is managed.Source's.
func (e *managementExtension) Observer() managed.Observer {
	if o := e.observer.Load(); o != nil {
		return *o
	}
	return nil
}
