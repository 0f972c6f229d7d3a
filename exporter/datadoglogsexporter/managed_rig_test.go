package datadoglogsexporter

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/exporterrig"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/fakestreams"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// accounts is an intake that answers each key in its own way, and keeps what it took.
type accounts struct {
	*httptest.Server
	end    chan struct{}
	mu     sync.Mutex
	answer map[string]func(http.ResponseWriter, []string) int // by key; missing: 202
	taken  map[string][]string                                // event ids by key
	asked  map[string]int                                     // requests by key
}

func newAccounts(t *testing.T) *accounts {
	a := &accounts{answer: map[string]func(http.ResponseWriter, []string) int{}, taken: map[string][]string{}, asked: map[string]int{}}
	a.Server = httptest.NewServer(a)
	a.end = make(chan struct{})
	t.Cleanup(func() {
		close(a.end)
		a.Close()
	})
	return a
}

// hangs makes a key be answered at the end of the test.
func (a *accounts) hangs(key string) {
	a.behaves(key, func(http.ResponseWriter, []string) int {
		<-a.end
		return http.StatusServiceUnavailable
	})
}

func (a *accounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get(headerKey)
	a.mu.Lock()
	a.asked[key]++
	answer := a.answer[key]
	a.mu.Unlock()
	zr, err := gzip.NewReader(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	payload, _ := io.ReadAll(zr)
	logs, _ := standin.DecodeDatadog(payload)
	var ids []string
	for _, log := range logs {
		ids = append(ids, log.Text("event_id"))
	}
	code := http.StatusAccepted
	if answer != nil {
		code = answer(w, ids)
	}
	if code == http.StatusAccepted {
		a.mu.Lock()
		a.taken[key] = append(a.taken[key], ids...)
		a.mu.Unlock()
	}
	if code != answered {
		w.WriteHeader(code)
	}
}

// answered is the code of an answer that is written already.
const answered = 0

// answers makes a key be answered with a code.
func (a *accounts) answers(key string, code int) {
	a.behaves(key, func(http.ResponseWriter, []string) int { return code })
}

func (a *accounts) behaves(key string, how func(w http.ResponseWriter, ids []string) int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer[key] = how
}

func (a *accounts) of(key string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.taken[key]...)
}

func (a *accounts) requests(key string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[key]
}

// managedRig is an exporter of managed streams with all that can be seen of it.
type managedRig struct {
	*exporterrig.Rig
	t      *testing.T
	source *fakestreams.Source
	intake *accounts

	reported string
}

// newManagedRig returns a rig that is started. Storage is the directory of a file_storage,
// or empty for queues in memory.
func newManagedRig(t *testing.T, source *fakestreams.Source, intake *accounts, storage string, settings ...map[string]any) *managedRig {
	t.Helper()
	conf := confmap.NewFromStringMap(map[string]any{
		"endpoint":         intake.URL,
		"management":       fakestreams.ID.String(),
		"sending_queue":    map[string]any{"batch": map[string]any{"flush_timeout": "5ms"}},
		"retry_on_failure": map[string]any{"initial_interval": "5s", "max_interval": "60s"},
	})
	host := fakestreams.Host{Source: source, Others: map[component.ID]component.Component{}}
	if storage != "" {
		id, ext := fileStorage(t, storage)
		host.Others[id] = ext
		settings = append(settings, map[string]any{"sending_queue": map[string]any{"storage": id.String()}})
	}
	for _, more := range settings {
		require.NoError(t, conf.Merge(confmap.NewFromStringMap(more)))
	}
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(cfg))
	r := &managedRig{Rig: exporterrig.New(t, NewFactory(), cfg), t: t, source: source, intake: intake, reported: "StatusOK"}
	r.Host.Extensions = host.GetExtensions()
	require.NoError(t, r.Start(t.Context(), r.Host))
	t.Cleanup(r.Stop)
	return r
}

func fileStorage(t *testing.T, directory string) (component.ID, component.Component) {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = directory
	ext, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, ext.Start(t.Context(), componenttest.NewNopHost()))
	return component.NewID(factory.Type()), ext
}

// set creates or changes a stream that is on, whose key is named by its number.
func (r *managedRig) set(project, key string) *managed.Stream {
	return r.source.Set(project, datadog(key), true)
}

func datadog(key string) managed.Credentials {
	return managed.Credentials{Datadog: &managed.DatadogCredentials{Site: "US", APIKey: configopaque.String(key)}}
}

// push sends events of a project, named PROJECT/FROM … PROJECT/(TO-1).
func (r *managedRig) push(project string, from, to int) {
	r.t.Helper()
	require.NoError(r.t, r.ConsumeLogs(r.t.Context(), eventsOf(project, from, to)))
}

func eventsOf(project string, from, to int) plog.Logs {
	ld := plog.NewLogs()
	appendEvents(ld, project, from, to)
	return ld
}

func appendEvents(ld plog.Logs, project string, from, to int) {
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("stytch.project_id", project)
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i := from; i < to; i++ {
		lr := records.AppendEmpty()
		lr.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		lr.Body().SetStr(fmt.Sprintf(`{"event_id":"%s/%d"}`, project, i))
	}
}

func names(project string, from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprintf("%s/%d", project, i))
	}
	return ids
}

// requireArrived waits until exactly these have arrived, in any order.
func (r *managedRig) requireArrived(key string, ids []string, within time.Duration) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return len(r.intake.of(key)) >= len(ids) }, within, time.Millisecond)
	require.ElementsMatch(r.t, ids, r.intake.of(key))
}

func (r *managedRig) eventually(condition func() bool, what string) {
	r.t.Helper()
	require.Eventually(r.t, condition, 10*time.Second, time.Millisecond, what)
}

// status is the latest that the component reported, StatusOK before.
func (r *managedRig) status() string {
	for _, event := range r.Host.Take() {
		if r.reported = event.Status().String(); event.Err() != nil {
			r.reported = event.Err().Error()
		}
	}
	return r.reported
}

// files are those of the queues.
func files(t *testing.T, directory string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(directory, "exporter_*"))
	require.NoError(t, err)
	for _, path := range paths {
		names = append(names, strings.TrimPrefix(filepath.Base(path), "exporter_datadog_logs_"))
	}
	return names
}

// attributesOf returns the attributes of each point.
func attributesOf(data metricdata.Aggregation) (sets []string) {
	add := func(set attribute.Set) { sets = append(sets, set.Encoded(attribute.DefaultEncoder())) }
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Gauge[int64]:
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Histogram[int64]:
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Histogram[float64]:
		for _, p := range d.DataPoints {
			add(p.Attributes)
		}
	}
	return sets
}
