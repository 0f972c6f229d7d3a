package httpsend

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// Managed is what an exporter brings to send for the streams of a managed.Source. Every
// field is required.
type Managed struct {
	Extension   component.ID // the Source
	Destination managed.Destination
	// MaxQueued bounds the events that wait in all streams together.
	MaxQueued int
	// Project returns the project of events.
	Project func(plog.ResourceLogs) string
	// Backend returns the backend of one stream, but for its Target. Its queue is one
	// of items that neither blocks nor waits. Started and Shutdown are those of the
	// exporter: each is called once, for all streams.
	Backend func(*zap.Logger, *Drops) Backend
	// Target returns where the events of a stream with these credentials go.
	Target func(managed.Credentials) (Target, error)
	// Check asks the destination whether it takes the credentials of the Sender's target.
	// It returns the code of the answer, 0 where none came, and an error unless the
	// destination takes them.
	Check func(context.Context, *Sender, managed.Credentials) (code int, err error)
	// Event returns the logs of one event, a JSON object.
	Event func(event string) plog.Logs
}

// streams is an exporter of managed streams. Each has an exporter of its own, from the
// first event or from the start where something is stored: its own queue, batches,
// retries and quarantine. All share one HTTP client.
type streams struct {
	Managed
	common Backend // of no stream
	set    exporter.Settings
	drops  *Drops
	total  total
	gauges func() // stops them
	status *streamsStatus

	host          component.Host
	client, fresh *http.Client
	hosts         hostLimit
	source        managed.Source
	letGo         []func() // of the source

	opened   sync.Once       // what is stored, by the first table
	projects sync.Map        // project → *project
	running  context.Context // ends with the exporter
	cancel   context.CancelFunc
	work     sync.WaitGroup // in the background
}

// NewManaged returns an exporter of managed streams.
func NewManaged(set exporter.Settings, m Managed) (exporter.Logs, error) {
	f := &streams{Managed: m, set: set, gauges: func() {}}
	f.drops = NewDrops(set.Logger, func(reason string, records int) { f.common.Metrics.countDropped(reason, records) })
	f.common = m.Backend(set.Logger, f.drops)
	f.total.most = int64(m.MaxQueued)
	f.running, f.cancel = context.WithCancel(context.Background())
	return f, nil
}

// Capabilities implements consumer.Consumer.
func (f *streams) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// Start implements component.Component.
func (f *streams) Start(ctx context.Context, host component.Host) (err error) {
	f.warnOfForgotten(host)
	f.host = host
	f.status = newStreamsStatus(func(event *componentstatus.Event) { componentstatus.ReportStatus(host, event) })
	if f.source, err = managed.Find(host, f.Extension, "exporters::"+f.set.ID.String()+"::management"); err != nil {
		return err
	}
	if f.client, f.fresh, err = newClients(ctx, f.common.Client, host, f.set); err != nil {
		return err
	}
	if f.gauges, err = observeTotal(f.set, &f.total); err != nil {
		return err
	}
	f.common.Metrics.begin(ctx)
	f.common.Metrics.countDropped(managed.ReasonNoStream, 0)
	f.common.Metrics.countDropped(managed.ReasonGivenUp, 0)
	if f.common.Started != nil {
		if err := f.common.Started(ctx, nil); err != nil {
			return err
		}
	}
	f.letGo = append(f.letGo, f.source.Watch(f.follow), f.source.Attach(&asked{f}))
	return nil
}

// Shutdown implements component.Component.
func (f *streams) Shutdown(ctx context.Context) error {
	for _, letGo := range f.letGo {
		letGo()
	}
	f.letGo = nil
	f.cancel()
	f.work.Wait()
	errs := f.shutdownStreams(ctx)
	f.gauges()
	if f.status != nil {
		f.status.stop()
	}
	f.common.Shutdown()
	if f.client != nil {
		f.client.CloseIdleConnections()
	}
	return errs
}

// shutdownStreams shuts all streams down at the same time: each may take what a last
// attempt takes.
func (f *streams) shutdownStreams(ctx context.Context) error {
	var mu sync.Mutex
	var errs error
	var all sync.WaitGroup
	for _, p := range f.projects.Range {
		s := p.(*project).stream.Swap(nil)
		if s == nil {
			continue
		}
		all.Go(func() {
			if err := s.Shutdown(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = errors.Join(errs, err)
			}
		})
	}
	all.Wait()
	return errs
}
