//go:build e2e

package managed

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/stytchclient"
)

// TestFleetExample has one control and two followers behind a load balancer: a change at the control
// reaches both, and events flow while the control is away, also after a restart of a follower.
func TestFleetExample(t *testing.T) {
	w := newInternet(t)
	control := w.gateway()
	w.env["CONTROL"] = control.management
	followers := []*gateway{w.gateway("examples/fleet/follower.yaml"), w.gateway("examples/fleet/follower.yaml")}

	// The followers are first: they know nothing, and refuse for now.
	for _, f := range followers {
		f.start()
		var problem struct {
			Type string `json:"error_type"`
		}
		require.Equal(t, http.StatusServiceUnavailable, f.streaming(http.MethodGet, "/streams", "", &problem))
		require.Equal(t, "not_known_yet", problem.Type)
	}
	require.Equal(t, http.StatusServiceUnavailable, status(t, followers[0]), "an event is refused for now, not dropped")

	control.start()
	terraform := stytchclient.NewTerraform(control.client())
	defer terraform.Close()
	wanted := stytchclient.Resource{Config: datadog(apiKey), Enabled: true}
	known := func(c require.TestingT, want string) {
		for _, f := range followers {
			all := f.streams()
			require.Len(c, all, 1)
			require.Equal(c, want, all[0].Status)
		}
	}
	w.eventually(func(c *assert.CollectT) { // they follow now, and have an empty table
		for _, f := range followers {
			var a struct{ Streams []stream }
			require.Equal(c, http.StatusOK, f.streaming(http.MethodGet, "/streams", "", &a))
		}
	})
	changed := time.Now()
	require.NoError(t, terraform.Apply(t.Context(), wanted))
	w.eventually(func(c *assert.CollectT) { known(c, "ACTIVE") })
	took := time.Since(changed)
	t.Logf("both followers had the change after %s", took)
	require.Less(t, took, 10*time.Second, "2 s on an idle machine")

	// Events come by the load balancer, and are delivered by both.
	balancer := roundRobin(t, followers)
	front := *followers[0]
	front.sender.URL = balancer.URL
	for range 4 {
		w.arrive(front.push(5))
	}
	for _, f := range followers {
		require.Equal(t, 10, f.streams()[0].Delivery.Delivered, "figures are each follower's own")
	}

	// Changes are refused there, with the control's address.
	refused := stytchclient.Go(followers[0].client())
	defer refused.Close()
	var e *stytchclient.Error
	require.ErrorAs(t, refused.Disable(t.Context()), &e)
	require.Equal(t, http.StatusForbidden, e.StatusCode)
	require.Contains(t, e.Message, control.management)

	// The control is away, and one follower restarts.
	control.process.Kill()
	followers[1].process.Kill()
	followers[1].start()
	known(t, "ACTIVE")
	for range 4 {
		w.arrive(front.push(5))
	}

	// It is back, with another key for both.
	const newKey = "fedcba9876543210fedcba9876543210"
	w.datadog.SetFault(func(r *http.Request, _ int) *standin.Answer {
		if r.Header.Get("DD-API-KEY") != newKey {
			return &standin.Answer{Status: http.StatusForbidden}
		}
		r.Header.Set("DD-API-KEY", apiKey) // the stand-in knows one key
		return nil
	})
	first, second := front.push(5), front.push(5)
	control.start()
	wanted.Config = datadog(newKey)
	require.NoError(t, terraform.Apply(t.Context(), wanted))
	w.arrive(first)
	w.arrive(second)

	require.NoError(t, terraform.Destroy(t.Context()))
	w.eventually(func(c *assert.CollectT) {
		for _, f := range followers {
			require.Empty(c, f.streams())
		}
	})
}

// status is the answer to one event.
func status(t *testing.T, g *gateway) int {
	t.Helper()
	reply, err := g.sender.Post(t.Context(), "/v1/events", []byte(`{"event_id":"event-live-1","project_id":"`+project+`"}`), http.Header{})
	require.NoError(t, err)
	return reply.Status
}

// roundRobin is a load balancer that gives each gateway every other request.
func roundRobin(t *testing.T, gateways []*gateway) *httptest.Server {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		to, err := url.Parse(gateways[int(n.Add(1))%len(gateways)].sender.URL)
		if err != nil {
			panic(err) // the harness made it
		}
		r.SetURL(to)
	}})
	t.Cleanup(server.Close)
	return server
}
