//go:build e2e

package managed

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/stytchclient"
)

func datadog(key string) stytchclient.Config {
	return stytchclient.Config{Datadog: &stytchclient.DatadogConfig{APIKey: key, Site: "US"}}
}

// TestManagedExample takes the example through what its README tells: Terraform creates a stream and
// switches it on, each SDK reads and switches it, and events go where and when they should.
func TestManagedExample(t *testing.T) {
	g := newInternet(t).gateway().start()
	ctx := t.Context()

	dropped := g.push(3)
	var unconfigured struct {
		Unconfigured []struct {
			ProjectID, Missing string
			Events             int
		}
	}
	g.eventually(func(c *assert.CollectT) {
		require.Equal(c, http.StatusOK, g.streaming(http.MethodGet, "/unconfigured", "", &unconfigured))
		require.Len(c, unconfigured.Unconfigured, 2, "for both destinations")
		require.Equal(c, 3, unconfigured.Unconfigured[0].Events)
		require.Equal(c, "stream", unconfigured.Unconfigured[0].Missing)
	})

	terraform := stytchclient.NewTerraform(g.client())
	defer terraform.Close()
	wanted := stytchclient.Resource{Config: datadog(apiKey), Enabled: true}
	require.NoError(t, terraform.Apply(ctx, wanted))
	changes, err := terraform.Plan(ctx, wanted)
	require.NoError(t, err)
	require.Empty(t, changes)
	first := g.push(5)
	g.arrive(first)

	for _, client := range stytchclient.SDKs(g.client()) {
		read, err := client.Get(ctx)
		require.NoError(t, err, client.Name)
		require.Equal(t, "ACTIVE", read.Status, client.Name)
		require.Equal(t, "cdef", read.Config.Datadog.APIKeyLastFour, client.Name)
		require.NoError(t, client.Disable(ctx), client.Name)
		off := g.push(2)
		require.NoError(t, client.Enable(ctx), client.Name)
		on := g.push(2)
		g.arrive(on)
		for id := range off {
			require.Zero(t, g.atDatadog()[id], "%s: it was off", client.Name)
		}
		client.Close()
	}
	for id := range dropped {
		require.Zero(t, g.atDatadog()[id], "it had no stream")
	}

	g.eventually(func(c *assert.CollectT) {
		all := g.streams()
		require.Len(c, all, 1)
		d := all[0].Delivery
		require.Equal(c, 5+4*4, d.Received)
		require.Equal(c, 5+4*2, d.Delivered)
		require.Equal(c, map[string]int{"disabled": 4 * 2}, d.Dropped)
		require.Zero(c, d.Waiting)
		require.Equal(c, "ok", d.Health)
	})

	// The key is checked, and a test event sent; then Datadog takes another key.
	path := "/streams/" + project + "/DATADOG"
	var says struct {
		Answer struct {
			OK   bool
			Code int
			Text string
		} `json:"destination_answer"`
		EventID string `json:"event_id"`
	}
	require.Equal(t, http.StatusOK, g.streaming(http.MethodPost, path+"/check", "", &says))
	require.True(t, says.Answer.OK, says.Answer.Text)
	require.Equal(t, http.StatusOK, g.streaming(http.MethodPost, path+"/test", "", &says))
	require.Equal(t, http.StatusAccepted, says.Answer.Code)
	logs := g.datadog.Logs()
	require.Equal(t, says.EventID, logs[len(logs)-1].Text("event_id"))
	require.Equal(t, "otelcol_stytch.test", logs[len(logs)-1].Text("action"))

	const newKey = "fedcba9876543210fedcba9876543210"
	g.datadog.SetFault(func(r *http.Request, _ int) *standin.Answer {
		if r.Header.Get("DD-API-KEY") != newKey {
			return &standin.Answer{Status: http.StatusForbidden, Body: `{"errors":["Forbidden"]}`}
		}
		r.Header.Set("DD-API-KEY", apiKey) // the stand-in knows one key
		return nil
	})
	refused := g.push(4)
	g.eventually(func(c *assert.CollectT) {
		d := g.streams()[0].Delivery
		require.Equal(c, "held", d.Health)
		require.Equal(c, 4, d.Waiting)
		require.NotNil(c, d.LastError)
		require.Equal(c, http.StatusForbidden, d.LastError.Code)
	})
	require.Equal(t, http.StatusOK, g.streaming(http.MethodPost, path+"/check", "", &says))
	require.False(t, says.Answer.OK)
	wanted.Config = datadog(newKey)
	require.NoError(t, terraform.Apply(ctx, wanted), "the new key")
	g.arrive(refused)
	g.eventually(func(c *assert.CollectT) { require.Nil(c, g.streams()[0].Delivery.LastError) })

	// What was set outlives a restart, and shows nowhere.
	g.process.Stop()
	output := g.process.Output()
	g.start()
	changes, err = terraform.Plan(ctx, wanted)
	require.NoError(t, err)
	require.Empty(t, changes)
	var audit struct {
		Audit []struct{ Action, Through string }
	}
	require.Equal(t, http.StatusOK, g.streaming(http.MethodGet, "/audit", "", &audit))
	require.Equal(t, "update", audit.Audit[0].Action)
	g.arrive(g.push(3))
	require.NoError(t, terraform.Destroy(ctx))
	require.Empty(t, g.streams())
	for _, secret := range []string{apiKey, newKey, keySecret} {
		require.NotContains(t, output+g.process.Output(), secret)
	}
}

// TestManagedLoki has a stream to Loki beside one to Datadog: two destinations of one project.
func TestManagedLoki(t *testing.T) {
	g := newInternet(t).gateway().start()
	o := g.client()
	toDatadog := stytchclient.Python(o)
	defer toDatadog.Close()
	o.Destination = stytchclient.GrafanaLoki
	toLoki := stytchclient.Python(o)
	defer toLoki.Close()
	_, err := toDatadog.Create(t.Context(), datadog(apiKey))
	require.NoError(t, err)
	_, err = toLoki.Create(t.Context(), stytchclient.Config{GrafanaLoki: &stytchclient.GrafanaLokiConfig{Hostname: "loki.example.com", Username: "123", Password: "loki-password"}})
	require.NoError(t, err)
	require.NoError(t, toLoki.Enable(t.Context()))
	ids := g.push(5)
	g.eventually(func(c *assert.CollectT) { require.Equal(c, 5, g.loki.Received()) })
	for _, entry := range g.loki.Entries() {
		var event struct {
			ID string `json:"event_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(entry.Line), &event))
		require.True(t, ids[event.ID])
	}
	require.Empty(t, g.datadog.Logs(), "that stream is off")
	require.NotContains(t, g.process.Output(), "loki-password")
}
