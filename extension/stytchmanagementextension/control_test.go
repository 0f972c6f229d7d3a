package stytchmanagementextension

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

func datadogKey(key string) managed.Credentials {
	return managed.Credentials{Datadog: &managed.DatadogCredentials{Site: "US", APIKey: configopaque.String(key)}}
}

// failingClient fails on demand, before or after its Batch was carried out.
type failingClient struct {
	storage.Client
	storage.Walker
	err error
}

func (c *failingClient) Batch(ctx context.Context, ops ...*storage.Operation) error {
	if c.err != nil {
		return c.err
	}
	return c.Client.Batch(ctx, ops...)
}

// failingStorage gives out one failingClient.
type failingStorage struct {
	storage.Extension
	client *failingClient
}

func (s *failingStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	client, err := s.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	s.client = &failingClient{Client: client, Walker: client.(storage.Walker)}
	return s.client, nil
}

// statusHost keeps the statuses that are reported.
type statusHost struct {
	*host
	statuses []componentstatus.Status
}

func (h *statusHost) Report(event *componentstatus.Event) {
	h.statuses = append(h.statuses, event.Status())
}

func TestStorageThatFailsChangesNothing(t *testing.T) {
	h := &statusHost{host: newHost(t, t.TempDir())}
	failing := &failingStorage{Extension: h.extensions[storageID].(storage.Extension)}
	h.extensions[storageID] = failing
	r := start(t, h, testConfig())
	r.do(t, "POST", base, createBody).stream(t)
	before, shown := r.Table(), r.do(t, "GET", base+"/DATADOG", "").stream(t)

	failing.client.err = errors.New("disk is full")
	for _, try := range []struct{ method, path, body string }{
		{"PUT", base + "/DATADOG", `{"destination_config":{"datadog":{"api_key":"other","site":"EU"}}}`},
		{"POST", base + "/DATADOG/enable", ""},
		{"DELETE", base + "/DATADOG", ""},
		{"POST", base, `{"destination_type":"GRAFANA_LOKI","destination_config":{"grafana_loki":{"hostname":"h"}}}`},
	} {
		a := r.do(t, try.method, try.path, try.body)
		require.Equal(t, 500, a.StatusCode)
		require.Equal(t, "internal_server_error", a.json["error_type"])
		require.NotContains(t, a.text, "disk is full")
	}
	require.Same(t, before, r.Table())
	require.Len(t, r.control.audit(), 1)
	require.Equal(t, shown, r.do(t, "GET", base+"/DATADOG", "").stream(t), "reads go on")
	require.Equal(t, 4, r.logs.FilterMessage("Storing a change of a stream: nothing has changed").Len())

	failing.client.err = nil
	require.Equal(t, 200, r.do(t, "POST", base+"/DATADOG/enable", "").StatusCode)
	require.Equal(t, 200, r.do(t, "POST", base+"/DATADOG/disable", "").StatusCode)
	recoverable := componentstatus.StatusRecoverableError
	require.Equal(t, []componentstatus.Status{recoverable, recoverable, recoverable, recoverable, componentstatus.StatusOK}, h.statuses)
}

func TestOneOfTwoRacingCreatesWins(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	for i := range 50 {
		id := fmt.Sprintf("project-live-%d", i)
		var errs [2]error
		var made [2]*managed.Stream
		var both sync.WaitGroup
		for j := range errs {
			both.Go(func() {
				made[j], errs[j] = r.control.create(t.Context(), actor{}, id, datadogKey(fmt.Sprint("key-", j)))
			})
		}
		both.Wait()
		won := slices.Index(errs[:], nil)
		require.GreaterOrEqual(t, won, 0)
		require.ErrorIs(t, errs[1-won], errConflict)
		require.Same(t, made[won], r.Table().Stream(id, managed.Datadog))
	}
}

// Watchers see every table in order, and each before its change returns, while 1,000
// creates come from 10 sides and are read meanwhile.
func TestCreatesWhileReading(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	var lengths []int
	var last *managed.Table
	stop := r.Watch(func(table *managed.Table) {
		lengths = append(lengths, table.Len())
		last = table
	})
	done := make(chan struct{})
	var reading, creating sync.WaitGroup
	for range 2 {
		reading.Go(func() {
			for n := 0; ; {
				select {
				case <-done:
					return
				default:
				}
				table := r.Table()
				if table.Len() < n {
					t.Errorf("%d streams after %d", table.Len(), n)
					return
				}
				n = table.Len()
				for s := range table.All() {
					_ = masked(s)
				}
				_ = r.control.audit()
			}
		})
	}
	for i := range 10 {
		creating.Go(func() {
			for j := range 100 {
				s, err := r.control.create(t.Context(), actor{}, fmt.Sprintf("project-live-%d-%d", i, j), datadogKey("k"))
				if err != nil || r.Table().Stream(s.ProjectID, managed.Datadog) != s {
					t.Errorf("%v, and the table has another stream", err)
					return
				}
			}
		})
	}
	creating.Wait()
	close(done)
	reading.Wait()
	stop()
	stop()
	require.Len(t, lengths, 1001)
	for i, n := range lengths {
		require.Equal(t, i, n)
	}
	require.Same(t, last, r.Table())
	require.NoError(t, r.control.delete(t.Context(), actor{}, "project-live-0-0", managed.Datadog))
	require.Len(t, lengths, 1001, "nobody watches any more")
}

func TestGenerationRisesWithTheCredentials(t *testing.T) {
	r := start(t, newHost(t, t.TempDir()), testConfig())
	c, ctx := r.control, t.Context()
	first, err := c.create(ctx, actor{}, project, datadogKey("1"))
	require.NoError(t, err)
	again, err := c.create(ctx, actor{}, project, datadogKey("1"))
	require.NoError(t, err)
	require.Same(t, first, again)
	on, err := c.setActive(ctx, actor{}, project, managed.Datadog, true)
	require.NoError(t, err)
	require.Equal(t, first.Generation, on.Generation)
	same, err := c.update(ctx, actor{}, project, datadogKey("1"))
	require.NoError(t, err)
	require.Same(t, on, same)
	second, err := c.update(ctx, actor{}, project, datadogKey("2"))
	require.NoError(t, err)
	require.Greater(t, second.Generation, first.Generation)
	require.Same(t, first.Figures, second.Figures)
	require.NoError(t, c.delete(ctx, actor{}, project, managed.Datadog))
	third, err := c.create(ctx, actor{}, project, datadogKey("2"))
	require.NoError(t, err)
	require.Greater(t, third.Generation, second.Generation, "a stream that is made anew is another one")
	require.NotSame(t, first.Figures, third.Figures)
}

func TestCheckCredentials(t *testing.T) {
	loki := func(hostname, username, password string) managed.Credentials {
		return managed.Credentials{Loki: &managed.LokiCredentials{Hostname: hostname, Username: username, Password: configopaque.String(password)}}
	}
	datadog := func(site, key string) managed.Credentials {
		return managed.Credentials{Datadog: &managed.DatadogCredentials{Site: site, APIKey: configopaque.String(key)}}
	}
	long := string(make([]byte, maxText+1))
	for _, site := range []string{"US", "US3", "US5", "EU", "AP1"} {
		require.Empty(t, checkCredentials(datadog(site, apiKey)))
	}
	for _, host := range []string{"h", "logs-prod-021.grafana.net", "loki:3100", "10.0.0.1", "[::1]", "[::1]:3100", "my_loki.svc"} {
		require.Empty(t, checkCredentials(loki(host, "", "")), host)
	}
	require.Empty(t, checkCredentials(loki("h", "123", "pass: wörd")))
	for name, tc := range map[string]struct {
		with   managed.Credentials
		fields []string
	}{
		"nothing":          {managed.Credentials{}, []string{"destination_config"}},
		"empty":            {datadog("", ""), []string{"api_key", "site"}},
		"key's line end":   {datadog("US", apiKey+"\n"), []string{"api_key"}},
		"long key":         {datadog("US", long), []string{"api_key"}},
		"site's domain":    {datadog("datadoghq.com", apiKey), []string{"site"}},
		"site's case":      {datadog("eu", apiKey), []string{"site"}},
		"no host":          {loki("", "", ""), []string{"hostname"}},
		"scheme":           {loki("https://h", "", ""), []string{"hostname"}},
		"path":             {loki("h/loki", "", ""), []string{"hostname"}},
		"user in host":     {loki("u@h", "", ""), []string{"hostname"}},
		"query":            {loki("h?x", "", ""), []string{"hostname"}},
		"port 0":           {loki("h:0", "", ""), []string{"hostname"}},
		"high port":        {loki("h:65536", "", ""), []string{"hostname"}},
		"empty port":       {loki("h:", "", ""), []string{"hostname"}},
		"bare IPv6":        {loki("::1", "", ""), []string{"hostname"}},
		"open bracket":     {loki("[::1", "", ""), []string{"hostname"}},
		"name in brackets": {loki("[h]:1", "", ""), []string{"hostname"}},
		"space":            {loki("a b", "", ""), []string{"hostname"}},
		"colon":            {loki("h", "a:b", "p"), []string{"username"}},
		"no password":      {loki("h", "a", ""), []string{"username"}},
		"no username":      {loki("h", "", "p"), []string{"username"}},
		"line end":         {loki("h", "a", "p\n"), []string{"password"}},
		"half a character": {loki("h", "a\ufffd", "p\ufffd"), []string{"username", "password"}},
		"long":             {loki("h", long, long), []string{"username", "password"}},
	} {
		t.Run(name, func(t *testing.T) {
			var fields []string
			for _, wrong := range checkCredentials(tc.with) {
				fields = append(fields, wrong.Field)
				require.NotEmpty(t, wrong.Message)
				require.NotContains(t, wrong.Message, apiKey)
			}
			require.Equal(t, tc.fields, fields)
		})
	}
}
