package stytchmanagementextension

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/stytchclient"
)

// overTLS serves the extension's handler over TLS, and returns how clients reach it.
func overTLS(t *testing.T, r *rig, destination string, before ...func(http.ResponseWriter, *http.Request) (handled bool)) stytchclient.Options {
	t.Helper()
	described := describedHandler(t, r.handler)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		for _, f := range before {
			if f(w, req) {
				return
			}
		}
		described.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	return stytchclient.Options{
		BaseURL: server.URL, KeyID: testKeyID, Secret: testSecret, Destination: destination,
		TLS:         &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
		Environment: stytchclient.Environment{Project: "acme", Environment: "production"},
	}
}

// configsOf are two configurations of a destination.
var configsOf = map[string][2]stytchclient.Config{
	stytchclient.Datadog: {
		{Datadog: &stytchclient.DatadogConfig{APIKey: apiKey, Site: "US"}},
		{Datadog: &stytchclient.DatadogConfig{APIKey: "fedcba9876543210fedcba9876543210", Site: "AP1"}},
	},
	stytchclient.GrafanaLoki: {
		{GrafanaLoki: &stytchclient.GrafanaLokiConfig{Hostname: "logs-prod-021.grafana.net", Username: "123456", Password: "glc_<é>&\"1234"}},
		{GrafanaLoki: &stytchclient.GrafanaLokiConfig{Hostname: "loki.example.com:3100"}}, // without credentials
	},
}

// TestEverySDK takes a stream through all six calls with each of Stytch's SDKs.
func TestEverySDK(t *testing.T) {
	for destination, configs := range configsOf {
		r := start(t, newHost(t, t.TempDir()), testConfig())
		o := overTLS(t, r, destination)
		for _, c := range stytchclient.SDKs(o) {
			t.Run(destination+" "+c.Name, func(t *testing.T) {
				defer c.Close()
				ctx := t.Context()
				var refused *stytchclient.Error
				_, err := c.Get(ctx)
				require.ErrorAs(t, err, &refused)
				require.Equal(t, http.StatusNotFound, refused.StatusCode)
				require.Contains(t, refused.Type, "not_found")

				created, err := c.Create(ctx, configs[0])
				require.NoError(t, err)
				require.Equal(t, &stytchclient.Stream{Destination: destination, Config: &configs[0], Status: "DISABLED"}, created)
				require.NoError(t, c.Enable(ctx))
				require.NoError(t, c.Enable(ctx), "enabling what is enabled")
				require.True(t, r.Table().Stream(project, managed.Destination(destination)).Active, "it is on when the answer comes")

				again, err := c.Create(ctx, configs[0])
				require.NoError(t, err, "an identical create")
				require.Equal(t, "ACTIVE", again.Status)
				_, err = c.Create(ctx, configs[1])
				require.ErrorAs(t, err, &refused, "a different create")
				require.Equal(t, http.StatusConflict, refused.StatusCode)

				updated, err := c.Update(ctx, configs[1])
				require.NoError(t, err)
				require.Equal(t, &stytchclient.Stream{Destination: destination, Config: &configs[1], Status: "ACTIVE"}, updated)
				read, err := c.Get(ctx)
				require.NoError(t, err)
				require.Equal(t, &stytchclient.Stream{Destination: destination, Config: maskedConfigOf(configs[1]), Status: "ACTIVE"}, read)

				require.NoError(t, c.Disable(ctx))
				require.NoError(t, c.Disable(ctx), "disabling what is disabled")
				require.NoError(t, c.Delete(ctx))
				for _, err := range []error{c.Enable(ctx), c.Disable(ctx), c.Delete(ctx)} {
					require.ErrorAs(t, err, &refused)
					require.Equal(t, http.StatusNotFound, refused.StatusCode)
				}
			})
		}
		audit := r.control.audit()
		require.Contains(t, audit[0].UserAgent, "Python", "the audit tells the client")
	}
}

func maskedConfigOf(c stytchclient.Config) *stytchclient.Config {
	if d := c.Datadog; d != nil {
		return &stytchclient.Config{Datadog: &stytchclient.DatadogConfig{APIKeyLastFour: lastFour(d.APIKey), Site: d.Site}}
	}
	l := c.GrafanaLoki
	return &stytchclient.Config{GrafanaLoki: &stytchclient.GrafanaLokiConfig{Hostname: l.Hostname, Username: l.Username, PasswordLastFour: lastFour(l.Password)}}
}

func TestSDKsAreTold(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	o := overTLS(t, r, stytchclient.Datadog)
	for name, test := range map[string]struct {
		change func(*stytchclient.Options)
		status int
		kind   string
	}{
		"a wrong secret":       {func(o *stytchclient.Options) { o.Secret += "!" }, 401, "unauthorized_credentials"},
		"an unknown project":   {func(o *stytchclient.Options) { o.Environment.Project = "other" }, 404, "project_not_found"},
		"an unknown type":      {func(o *stytchclient.Options) { o.Destination = "SPLUNK" }, 404, "not_found"},
		"nothing was created":  {func(*stytchclient.Options) {}, 404, "event_log_streaming_not_found"},
		"a slug with a slash":  {func(o *stytchclient.Options) { o.Environment.Project = "a/b" }, 404, "route_not_found"},
		"a prefix is no route": {func(o *stytchclient.Options) { o.Environment.Project = "../../x" }, 404, "route_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			o := o
			test.change(&o)
			for _, c := range stytchclient.SDKs(o) {
				_, err := c.Get(t.Context())
				var refused *stytchclient.Error
				require.ErrorAs(t, err, &refused, c.Name)
				require.Equal(t, test.status, refused.StatusCode, c.Name)
				require.Contains(t, refused.Type, test.kind, c.Name)
				require.NotEmpty(t, refused.Message, c.Name)
				c.Close()
			}
		})
	}
}

// TestTerraform goes through a resource's life: create → enable → read → update → disable →
// import → delete, with enable failing once in between.
func TestTerraform(t *testing.T) {
	for destination, configs := range configsOf {
		t.Run(destination, func(t *testing.T) {
			ctx := t.Context()
			r := start(t, newHost(t, t.TempDir()), testConfig())
			var broken atomic.Bool
			o := overTLS(t, r, destination, func(_ http.ResponseWriter, req *http.Request) bool {
				if broken.Load() && strings.HasSuffix(req.URL.Path, "/enable") {
					panic(http.ErrAbortHandler) // the connection breaks
				}
				return false
			})
			first := stytchclient.Resource{Config: configs[0], Enabled: true}
			second := stytchclient.Resource{Config: configs[1], Enabled: true}
			active := func() bool { return r.Table().Stream(project, managed.Destination(destination)).Active }
			terraform := stytchclient.NewTerraform(o)
			defer terraform.Close()

			broken.Store(true)
			require.Error(t, terraform.Apply(ctx, first))
			require.False(t, terraform.InState(), "enable failed: Terraform forgets what it created")
			require.False(t, active())
			broken.Store(false)
			require.NoError(t, terraform.Apply(ctx, first), "it creates again")
			require.True(t, active())
			noChanges(t, terraform, first)

			require.NoError(t, terraform.Apply(ctx, second))
			require.True(t, active(), "an update keeps the switch")
			noChanges(t, terraform, second)

			elsewhere := stytchclient.Go(o)
			defer elsewhere.Close()
			require.NoError(t, elsewhere.Disable(ctx))
			changes, err := terraform.Plan(ctx, second)
			require.NoError(t, err)
			require.Equal(t, []string{"enabled"}, changes, "Terraform shows what was changed elsewhere")
			require.NoError(t, terraform.Apply(ctx, second))
			require.True(t, active(), "and takes it back")
			second.Enabled = false
			require.NoError(t, terraform.Apply(ctx, second))
			require.False(t, active())
			noChanges(t, terraform, second)

			terraform.Forget()
			require.NoError(t, terraform.Import(ctx, "acme.production."+destination))
			require.NoError(t, terraform.Apply(ctx, second), "it sets the secret, which an import does not know")
			noChanges(t, terraform, second)

			require.NoError(t, elsewhere.Delete(ctx))
			_, err = terraform.Plan(ctx, second)
			require.ErrorContains(t, err, "404", "deleted behind Terraform's back: the plan fails")
			terraform.Forget()
			require.NoError(t, terraform.Apply(ctx, second))
			require.NoError(t, terraform.Destroy(ctx))
			require.Zero(t, r.Table().Len())
		})
	}
}

func noChanges(t *testing.T, terraform *stytchclient.Terraform, resource stytchclient.Resource) {
	t.Helper()
	changes, err := terraform.Plan(t.Context(), resource)
	require.NoError(t, err)
	require.Empty(t, changes)
}
