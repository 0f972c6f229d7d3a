package stytchmanagementextension

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/metadata"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

func TestShutdown(t *testing.T) {
	e := newExtension(extensiontest.NewNopSettings(metadata.Type), testConfig())
	require.NoError(t, e.Shutdown(t.Context()), "before Start")
	require.Equal(t, []component.ID{storageID}, e.Dependencies())
	require.Nil(t, e.Table())
	require.NoError(t, e.Start(t.Context(), newHost(t, t.TempDir())))
	require.NotNil(t, e.Table())
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, e.Shutdown(t.Context()), "twice")
}

func TestStartWithoutAPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	cfg := testConfig()
	cfg.HTTP.NetAddr.Endpoint = taken.Addr().String()
	_, err = tryStart(t, newHost(t, t.TempDir()), cfg)
	require.ErrorContains(t, err, "address already in use")
}

func TestWarningsOfAnOpenAddress(t *testing.T) {
	const warning = "Credentials pass this address unencrypted: set `http::tls`, unless something before it ends TLS"
	r := start(t, newHost(t, t.TempDir()), testConfig())
	require.Zero(t, r.logs.FilterMessage(warning).Len())
	found, err := managed.Find(&host{extensions: map[component.ID]component.Component{storageID: r}}, storageID, "key")
	require.NoError(t, err)
	require.Same(t, r, found)
}

// exporterOf serves a destination.
type exporterOf struct {
	managed.Exporter
	destination managed.Destination
}

func (x *exporterOf) Destination() managed.Destination { return x.destination }

func TestAttach(t *testing.T) {
	s := newSources()
	require.Nil(t, s.exporter(managed.Datadog))
	first, second, loki := &exporterOf{destination: managed.Datadog}, &exporterOf{destination: managed.Datadog}, &exporterOf{destination: managed.GrafanaLoki}
	detach := s.Attach(first)
	s.Attach(second)
	s.Attach(loki)
	require.Same(t, first, s.exporter(managed.Datadog))
	require.Same(t, loki, s.exporter(managed.GrafanaLoki))
	detach()
	detach()
	require.Same(t, second, s.exporter(managed.Datadog))
}

func TestUnconfigured(t *testing.T) {
	s := newSources()
	for i := range maxUnconfigured + 10 {
		s.NoStream(fmt.Sprint("project-live-", i), managed.Datadog, 1)
	}
	s.NoStream("project-live-500", managed.Datadog, 4)
	s.NoStream("project-live-500", managed.GrafanaLoki, 2)
	all := s.unconfigured(managed.NewTable())
	require.Len(t, all, maxUnconfigured)
	require.Equal(t, "project-live-500", all[0].ProjectID, "the last that was seen")
	require.EqualValues(t, 2, all[0].Events)
	require.EqualValues(t, 5, all[1].Events)
	require.WithinDuration(t, time.Now(), all[1].LastSeen, time.Minute)
	require.Equal(t, "project-live-11", all[maxUnconfigured-1].ProjectID)

	all = s.unconfigured(managed.NewTable(&managed.Stream{ProjectID: "project-live-500", Destination: managed.GrafanaLoki}))
	require.Len(t, all, maxUnconfigured-1, "one has a stream now")
	require.EqualValues(t, 5, all[0].Events)
}
