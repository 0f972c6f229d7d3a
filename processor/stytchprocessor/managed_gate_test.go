package stytchprocessor

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/fakestreams"
	"github.com/otelcol-stytch/otelcol-stytch/processor/stytchprocessor/internal/metadata"
)

var credentials = managed.Credentials{Datadog: &managed.DatadogCredentials{Site: "US", APIKey: "k"}}

// managedBy is a configuration for newWorldIn.
func managedBy(id component.ID) func(*Config) {
	return func(cfg *Config) {
		cfg.Management = configoptional.Some(ManagementConfig{Extension: id, Destination: managed.Datadog})
	}
}

func newManagedWorld(t *testing.T, configure ...func(*Config)) (*world, *fakestreams.Source) {
	source, sink := fakestreams.New(), new(consumertest.LogsSink)
	w := newWorldIn(t, fakestreams.Host{Source: source}, sink, func(cfg *Config) {
		managedBy(fakestreams.ID)(cfg)
		for _, c := range configure {
			c(cfg)
		}
	})
	w.sink = sink
	return w, source
}

// of returns events of a project.
func of(project string, ids ...string) plog.Logs {
	ld := logs(ids...)
	ld.ResourceLogs().At(0).Resource().Attributes().PutStr("stytch.project_id", project)
	return ld
}

func together(all ...plog.Logs) plog.Logs {
	ld := plog.NewLogs()
	for _, x := range all {
		x.ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
	}
	return ld
}

// passed returns the project and the number of records of each resource that went on.
func passed(w *world) (projects map[string]int) {
	projects = map[string]int{}
	for _, ld := range w.sink.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			project, _ := rl.Resource().Attributes().Get("stytch.project_id")
			projects[project.Str()] += rl.ScopeLogs().At(0).LogRecords().Len()
		}
	}
	return projects
}

func TestManagedGate(t *testing.T) {
	w, source := newManagedWorld(t)
	on := source.Set("on", credentials, true)
	off := source.Set("off", credentials, false)
	source.Set("loki only", managed.Credentials{Loki: &managed.LokiCredentials{}}, true)

	push := func(ld plog.Logs) { require.NoError(t, w.processor.ConsumeLogs(t.Context(), ld)) }
	push(of("on", "a"))
	push(of("off", "b"))
	push(logs("no project"))
	push(plog.NewLogs())
	push(together(of("off", "c", "d"), of("on", "e"), of("loki only", "f"), of("on", "g"), of("none", "h", "i")))

	require.Equal(t, map[string]int{"on": 3}, passed(w))
	for _, ld := range w.sink.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			require.Equal(t, "stytch", rl.Resource().Attributes().AsRaw()["source"])
			require.Equal(t, "stytch.auth", rl.Resource().Attributes().AsRaw()["service.name"])
		}
	}
	require.Equal(t, 1, source.Missed("", managed.Datadog))
	require.Equal(t, 1, source.Missed("loki only", managed.Datadog))
	require.Equal(t, 2, source.Missed("none", managed.Datadog))
	require.Zero(t, source.Missed("off", managed.Datadog))

	figures := off.Figures.Snapshot()
	require.EqualValues(t, 3, figures.Received)
	require.Equal(t, map[string]int64{"disabled": 3}, figures.Dropped)
	require.Zero(t, figures.Waiting)
	require.Zero(t, on.Figures.Snapshot().Received, "what passes is received by the exporter")
	require.Equal(t, map[string]int{"disabled": 3, "duplicate": 0, "no_stream": 4, "unredactable": 0}, w.dropped())
}

// A change is effective for the next request.
func TestManagedGateFollowsTheSwitch(t *testing.T) {
	w, source := newManagedWorld(t)
	for _, active := range []bool{false, true, false, true} {
		source.Set("p", credentials, active)
		require.NoError(t, w.processor.ConsumeLogs(t.Context(), of("p", "a")))
	}
	source.Delete("p", managed.Datadog)
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), of("p", "a")))
	require.Equal(t, map[string]int{"p": 2}, passed(w))
	require.Equal(t, 1, source.Missed("p", managed.Datadog))
}

// Where nothing is known of any stream the sender keeps its events.
func TestManagedGateWithoutATable(t *testing.T) {
	w, source := newManagedWorld(t)
	source.Unknown()
	err := w.processor.ConsumeLogs(t.Context(), of("p", "a"))
	require.ErrorIs(t, err, managed.ErrNoTable)
	require.False(t, consumererror.IsPermanent(err))
	source.Set("p", credentials, true)
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), of("p", "a")))
	require.Equal(t, map[string]int{"p": 1}, passed(w))
	require.Equal(t, map[string]int{"disabled": 0, "duplicate": 0, "no_stream": 0, "unredactable": 0}, w.dropped())
}

type looker map[string]int

func (l looker) Observe(d managed.Destination, rl plog.ResourceLogs) {
	l[string(d)+" "+stytch.ProjectOf(rl)] += recordsOf(rl)
}

func TestManagedGateIsObserved(t *testing.T) {
	w, source := newManagedWorld(t)
	source.Set("on", credentials, true)
	source.Set("off", credentials, false)
	seen := looker{}
	source.Look(seen)
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), together(of("on", "a", "b"), of("off", "c"), of("none", "d"))))
	require.Equal(t, looker{"DATADOG on": 2}, seen)
}

type reader struct{ bodies []string }

func (r *reader) Observe(_ managed.Destination, rl plog.ResourceLogs) {
	for _, sl := range rl.ScopeLogs().All() {
		for _, lr := range sl.LogRecords().All() {
			r.bodies = append(r.bodies, lr.Body().Str())
		}
	}
}

// Who observes a stream sees what its destination gets. What cannot be redacted is
// received and dropped.
func TestManagedRedaction(t *testing.T) {
	w, source := newManagedWorld(t, func(cfg *Config) {
		cfg.Redact = []RedactConfig{{Field: "email_address", With: RedactDrop}}
	})
	p, seen := source.Set("p", credentials, true), &reader{}
	source.Look(seen)
	ld := of("p", "a", "b")
	records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	records.At(0).Body().SetStr(`{"event_id":"a","email_address":"ada@example.com"}`)
	records.At(1).Body().SetStr(`no event of ada@example.com`)
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), ld))

	require.Equal(t, []string{`{"event_id":"a"}`}, seen.bodies)
	require.Equal(t, map[string]int64{"unredactable": 1}, p.Figures.Snapshot().Dropped)
	require.EqualValues(t, 1, p.Figures.Snapshot().Received)
}

// Duplicates are received and dropped, and only once a request was taken.
func TestManagedDuplicatesAddUp(t *testing.T) {
	w, source := newManagedWorld(t, deduplicating)
	p, q := source.Set("p", credentials, true), source.Set("q", credentials, true)
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), together(of("p", "a", "a", "b"), of("q", "a"))))
	require.NoError(t, w.processor.ConsumeLogs(t.Context(), together(of("p", "b", "c"), of("q", "a"))))
	require.Equal(t, map[string]int{"p": 3, "q": 1}, passed(w))
	require.Equal(t, map[string]int64{"duplicate": 2}, p.Figures.Snapshot().Dropped)
	require.Equal(t, map[string]int64{"duplicate": 1}, q.Figures.Snapshot().Dropped)
	require.EqualValues(t, 2, p.Figures.Snapshot().Received)

	source2, refusing := fakestreams.New(), consumertest.NewErr(errors.New("full"))
	r := source2.Set("p", credentials, true)
	w = newWorldIn(t, fakestreams.Host{Source: source2}, refusing, func(cfg *Config) {
		managedBy(fakestreams.ID)(cfg)
		deduplicating(cfg)
	})
	require.Error(t, w.processor.ConsumeLogs(t.Context(), of("p", "a", "a")))
	require.Empty(t, r.Figures.Snapshot().Dropped)
}

// The log tells of the first dropped events at once, and of all projects together once
// a minute.
func TestManagedGateTellsWhatItDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source := newManagedWorld(t)
		for _, project := range []string{"p", "q"} {
			source.Set(project, credentials, false)
		}
		push := func(ld plog.Logs) { require.NoError(t, w.processor.ConsumeLogs(t.Context(), ld)) }
		told := func() (fields []map[string]any) {
			for _, entry := range w.logged.TakeAll() {
				require.Equal(t, "Dropped events of projects whose stream is disabled or does not exist: they will not be sent later", entry.Message)
				fields = append(fields, entry.ContextMap())
			}
			return fields
		}
		line := func(disabled, noStream int64) []map[string]any {
			return []map[string]any{{"destination": "DATADOG", "disabled": disabled, "no_stream": noStream}}
		}
		push(of("p", "a"))
		require.Equal(t, line(1, 0), told())
		push(of("q", "a", "b"))
		push(of("none", "a"))
		require.Empty(t, told())
		time.Sleep(61 * time.Second)
		require.Equal(t, line(2, 1), told())
		time.Sleep(time.Hour)
		require.Empty(t, told(), "none while none come")
		push(of("p", "a"))
		require.NoError(t, w.processor.Shutdown(t.Context()))
		require.Equal(t, line(1, 0), told(), "at the end")
	})
}

func TestManagementNeedsItsExtension(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	managedBy(component.MustNewID("other"))(cfg)
	set := processortest.NewNopSettings(metadata.Type)
	set.ID = component.NewIDWithName(metadata.Type, "datadog")
	p, err := NewFactory().CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.EqualError(t, p.Start(t.Context(), componenttest.NewNopHost()),
		`processors::stytch/datadog::management::extension: no extension "other" is enabled: list it in service::extensions`)
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestManagementConfig(t *testing.T) {
	for want, values := range map[string]map[string]any{
		"": {"management": map[string]any{"extension": "stytch_management", "destination": "GRAFANA_LOKI"}},
		`management: destination: must be DATADOG or GRAFANA_LOKI, got "datadog"`:     {"management": map[string]any{"extension": "stytch_management", "destination": "datadog"}},
		"management: extension: must be set to the id of an extension":                {"management": map[string]any{"destination": "DATADOG"}},
		"enabled, management: set one of them":                                        {"enabled": true, "management": map[string]any{"extension": "stytch_management", "destination": "DATADOG"}},
		"enabled, management: set one of them: with management each project's stream": {"enabled": false, "management": map[string]any{"extension": "stytch_management", "destination": "DATADOG"}},
	} {
		cfg := createDefaultConfig().(*Config)
		require.NoError(t, confmap.NewFromStringMap(values).Unmarshal(cfg))
		err := confmap.Validate(cfg)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}
