package managed

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
)

func TestTable(t *testing.T) {
	a := &Stream{ProjectID: "project-live-1", Destination: Datadog}
	b := &Stream{ProjectID: "project-live-1", Destination: GrafanaLoki}
	c := &Stream{ProjectID: "project-live-2", Destination: Datadog}
	table := NewTable(c, a, b)

	require.Equal(t, []*Stream{a, b, c}, table.Sorted())
	require.Same(t, b, table.Stream("project-live-1", GrafanaLoki))
	require.Nil(t, table.Stream("project-live-2", GrafanaLoki))
	require.ElementsMatch(t, []*Stream{a, c}, slices.Collect(table.Of(Datadog)))

	changed := &Stream{ProjectID: "project-live-1", Destination: Datadog, Active: true}
	after := table.With(changed).Without("project-live-2", Datadog)
	require.Equal(t, []*Stream{changed, b}, after.Sorted())
	require.Equal(t, []*Stream{a, b, c}, table.Sorted(), "a table never changes")
}

func TestCredentialsEqual(t *testing.T) {
	datadog := func(key string) Credentials {
		return Credentials{Datadog: &DatadogCredentials{Site: "US", APIKey: configopaque.String(key)}}
	}
	require.True(t, datadog("1").Equal(datadog("1")))
	require.False(t, datadog("1").Equal(datadog("2")))
	require.False(t, datadog("1").Equal(Credentials{Loki: &LokiCredentials{}}))
}

func TestFiguresAddUp(t *testing.T) {
	f := NewFigures()
	f.Serve(func() time.Time { return time.Unix(7, 0) })
	f.Received(10)
	f.Delivered(4)
	f.Dropped("disabled", 2)
	f.Dropped("too_old", 1)
	f.Fails(Held, Failure{Code: 403, Text: "Forbidden"}, time.Unix(9, 0))

	s := f.Snapshot()
	require.EqualValues(t, 3, s.Waiting)
	require.Equal(t, map[string]int64{"disabled": 2, "too_old": 1}, s.Dropped)
	require.Equal(t, time.Unix(7, 0), s.Oldest)
	require.Equal(t, Held, s.Health)
	require.Equal(t, 403, s.LastError.Code)
	require.Equal(t, time.Unix(9, 0), s.NextAttempt)

	f.Delivered(3)
	f.Works()
	s = f.Snapshot()
	require.Zero(t, s.Waiting)
	require.Zero(t, s.Oldest)
	require.Nil(t, s.LastError)
	require.Equal(t, OK, s.Health)
	require.WithinDuration(t, time.Now(), s.LastDelivery, time.Minute)
}

func TestWhatIsFinishedWasReceived(t *testing.T) {
	f := NewFigures()
	f.Delivered(2)
	f.Dropped("rejected", 1)
	s := f.Snapshot()
	require.EqualValues(t, 3, s.Received)
	require.Zero(t, s.Waiting)
	f.Received(5)
	require.EqualValues(t, 2, f.Snapshot().Waiting)
}

func TestIdle(t *testing.T) {
	f := NewFigures()
	require.Equal(t, Idle, f.Snapshot().Health, "nothing has come yet")
	f.Received(1)
	require.Equal(t, OK, f.Snapshot().Health)
}

func TestFindNamesTheKey(t *testing.T) {
	_, err := Find(componenttest.NewNopHost(), component.MustNewID("stytch_management"), "exporters::loki::management")
	require.EqualError(t, err, `exporters::loki::management: no extension "stytch_management" is enabled: list it in service::extensions`)
}
