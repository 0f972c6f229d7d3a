package stytchmanagementextension

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
)

func init() {
	followEvery, followAtMost, followWithin = 20*time.Millisecond, 100*time.Millisecond, 2*time.Second
}

// pair is an extension and one that follows it over TLS, each with a storage of its own.
type pair struct {
	t                *testing.T
	leaderDir, dir   string
	address          string // of the leader
	certificate, key string // files
	clients          *tls.Config
	leader, follower *rig
	status           *followHost // of the follower
}

// followHost is a host that keeps the statuses it is told.
type followHost struct {
	*host
	mu     sync.Mutex
	events []*componentstatus.Event
}

func (h *followHost) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

func (h *followHost) last() *componentstatus.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) == 0 {
		return componentstatus.NewEvent(componentstatus.StatusNone)
	}
	return h.events[len(h.events)-1]
}

func newPair(t *testing.T) *pair {
	t.Helper()
	port, err := harness.FreePort()
	require.NoError(t, err)
	p := &pair{t: t, leaderDir: t.TempDir(), dir: t.TempDir(), address: "127.0.0.1:" + port}
	p.certificate, p.key, p.clients = harness.Certificate(t, t.TempDir())
	return p
}

// startLeader starts the leader, or starts it again.
func (p *pair) startLeader(change ...func(*Config)) {
	p.t.Helper()
	cfg := testConfig()
	cfg.HTTP.NetAddr.Endpoint = p.address
	server := configtls.NewDefaultServerConfig()
	server.CertFile, server.KeyFile = p.certificate, p.key
	cfg.HTTP.TLS = configoptional.Some(server)
	for _, f := range change {
		f(cfg)
	}
	p.leader = start(p.t, newHost(p.t, p.leaderDir), cfg)
}

// startFollower starts the follower, or starts it again.
func (p *pair) startFollower(change ...func(*Config)) {
	p.t.Helper()
	cfg := testConfig()
	client := defaultClient()
	client.Endpoint = "https://" + p.address
	client.TLS.CAFile = p.certificate
	cfg.Follow = configoptional.Some(FollowConfig{ClientConfig: client, Key: cfg.WorkspaceKeys[0]})
	for _, f := range change {
		f(cfg)
	}
	p.status = &followHost{host: newHost(p.t, p.dir)}
	p.follower = start(p.t, p.status, cfg)
}

func (p *pair) stopLeader()   { require.NoError(p.t, p.leader.Shutdown(context.Background())) }
func (p *pair) stopFollower() { require.NoError(p.t, p.follower.Shutdown(context.Background())) }

// defaultClient is that of `follow` when it is set.
func defaultClient() confighttp.ClientConfig {
	cfg := createDefaultConfig().(*Config)
	_ = confmap.NewFromStringMap(map[string]any{"follow": map[string]any{"endpoint": "https://x"}}).Unmarshal(cfg)
	return cfg.Follow.Get().ClientConfig
}

// eventually waits for a follower.
func eventually(t *testing.T, holds func(c *assert.CollectT)) {
	t.Helper()
	require.EventuallyWithT(t, holds, 20*time.Second, 10*time.Millisecond)
}

// equal waits until the follower has the leader's streams.
func (p *pair) equal() {
	p.t.Helper()
	eventually(p.t, func(c *assert.CollectT) {
		table := p.follower.Table()
		require.NotNil(c, table)
		require.Equal(c, tableOf(p.leader), tableOf(p.follower))
	})
}

// tableOf is what a rig's table says, without figures and generations.
func tableOf(r *rig) string {
	encoded, err := new(tableCache).encode(r.Table())
	if err != nil {
		return err.Error()
	}
	return string(encoded.streams)
}

func (p *pair) change(method, path, body string) {
	p.t.Helper()
	a := p.leader.do(p.t, method, path, body)
	require.Equal(p.t, http.StatusOK, a.StatusCode, a.text)
}

func TestFollow(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.startFollower()
	p.equal() // both without a stream
	require.Zero(t, p.follower.Table().Len())

	var mu sync.Mutex
	var seen []*managed.Table
	defer p.follower.Watch(func(table *managed.Table) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, table)
	})()

	p.change("POST", base, createBody)
	p.equal()
	first := p.follower.Table().Stream(project, managed.Datadog)
	require.False(t, first.Active)
	require.NotZero(t, first.Generation)
	first.Figures.Received(7)

	p.change("POST", base+"/DATADOG/enable", "")
	p.equal()
	enabled := p.follower.Table().Stream(project, managed.Datadog)
	require.True(t, enabled.Active)
	require.Equal(t, first.Generation, enabled.Generation, "the credentials are the same")

	p.change("PUT", base+"/DATADOG", `{"destination_config":{"datadog":{"api_key":"another-key-0123","site":"EU"}}}`)
	p.equal()
	updated := p.follower.Table().Stream(project, managed.Datadog)
	require.Greater(t, updated.Generation, enabled.Generation, "other credentials")
	require.Same(t, first.Figures, updated.Figures, "figures are the follower's own")
	require.Zero(t, p.leader.Table().Stream(project, managed.Datadog).Figures.Snapshot().Received)

	p.change("POST", streamsPath, createOther())
	p.equal()
	require.Same(t, updated, p.follower.Table().Stream(project, managed.Datadog), "what did not change stays")
	p.change("DELETE", base+"/DATADOG", "")
	p.equal()
	require.Nil(t, p.follower.Table().Stream(project, managed.Datadog))

	mu.Lock()
	require.Same(t, p.follower.Table(), seen[len(seen)-1], "watchers are told")
	mu.Unlock()
	var actions []string
	for _, made := range p.follower.control.audit() {
		require.Equal(t, "follow", made.Through)
		actions = append(actions, made.Action)
	}
	require.Equal(t, []string{"delete", "create", "update", "enable", "create"}, actions)
	for _, r := range []*rig{p.leader, p.follower} {
		for _, line := range r.logs.All() {
			said := fmt.Sprint(line.Message, line.ContextMap())
			for _, secret := range []string{apiKey, "another-key-0123", password, testSecret} {
				require.NotContains(t, said, secret)
			}
		}
	}
	require.Empty(t, p.follower.logs.FilterMessageSnippet("does not work").All())
}

// Of a thousand streams only what has changed is made anew.
func TestFollowAThousand(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.leader.control.table.Store(aThousand())
	p.startFollower()
	begun := time.Now()
	p.equal()
	t.Logf("1,000 streams after %s", time.Since(begun))
	before := p.follower.Table()
	require.Equal(t, 1000, before.Len())
	require.Len(t, p.follower.control.audit(), maxChanges)

	p.change("POST", base, createBody)
	p.equal()
	for s := range before.All() {
		require.Same(t, s, p.follower.Table().Stream(s.ProjectID, s.Destination))
	}
	p.stopFollower()
	p.startFollower()
	require.Equal(t, 1001, p.follower.Table().Len(), "stored")
}

// Nothing is changed at a follower, and its words say where.
func TestFollowersAreReadOnly(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.change("POST", base, createBody)
	p.startFollower()
	p.equal()
	before := p.follower.Table()
	for _, call := range [][3]string{
		{"POST", base, createBody},
		{"PUT", base + "/DATADOG", `{"destination_config":{"datadog":{"api_key":"another-key-0123","site":"EU"}}}`},
		{"POST", base + "/DATADOG/enable", "{}"},
		{"POST", base + "/DATADOG/disable", "{}"},
		{"DELETE", base + "/DATADOG", ""},
		{"POST", streamsPath, createOther()},
		{"POST", streamsPath + "/" + project + "/DATADOG/enable", ""},
		{"DELETE", streamsPath + "/" + project + "/DATADOG", ""},
	} {
		a := p.follower.do(t, call[0], call[1], call[2])
		require.Equal(t, http.StatusForbidden, a.StatusCode, call[1])
		require.Equal(t, "read_only", a.json["error_type"])
		require.Contains(t, a.json["error_message"], "https://"+p.address)
	}
	require.Same(t, before, p.follower.Table())
	require.Equal(t, maskedDatadogOf("cdef", "US", "DISABLED"), p.follower.do(t, "GET", base+"/DATADOG", "").stream(t), "reads work")
}

// A follower starts and runs while the other is away, with the streams it had, and goes on
// when it is back. Either side may restart.
func TestEitherSideRestarts(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.change("POST", base, createBody)
	p.change("POST", base+"/DATADOG/enable", "")
	p.startFollower()
	p.equal()
	known := tableOf(p.follower)

	p.stopLeader()
	eventually(t, func(c *assert.CollectT) {
		require.Equal(c, componentstatus.StatusRecoverableError, p.status.last().Status())
	})
	require.ErrorContains(t, p.status.last().Err(), "https://"+p.address)
	require.Equal(t, known, tableOf(p.follower))

	p.stopFollower()
	p.startFollower()
	require.Equal(t, known, tableOf(p.follower), "from its own storage, before anybody answers")
	eventually(t, func(c *assert.CollectT) {
		require.Equal(c, componentstatus.StatusRecoverableError, p.status.last().Status())
	})
	require.Len(t, p.follower.logs.FilterMessageSnippet("does not work").All(), 1, "one line")

	p.startLeader()
	eventually(t, func(c *assert.CollectT) { require.Equal(c, componentstatus.StatusOK, p.status.last().Status()) })
	require.Len(t, p.follower.logs.FilterMessageSnippet("does not work").All(), 1, "one line, however long")
	require.Len(t, p.follower.logs.FilterMessage("Following again").All(), 1)
	require.Empty(t, p.follower.logs.FilterMessageSnippet("Streams have changed").All(), "the same table: 304")
	p.change("DELETE", base+"/DATADOG", "")
	p.equal()

	p.stopFollower()
	p.startFollower()
	require.NotNil(t, p.follower.Table(), "a table without streams is one, too")
	require.Zero(t, p.follower.Table().Len())
}

// A follower that has never had a table knows nothing, and says so.
func TestNothingIsKnownYet(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startFollower()
	require.Nil(t, p.follower.Table())
	for _, path := range []string{base + "/DATADOG", streamsPath, otherPath} {
		a := p.follower.do(t, "GET", path, "")
		require.Equal(t, http.StatusServiceUnavailable, a.StatusCode, path)
		require.Equal(t, "not_known_yet", a.json["error_type"])
	}
	eventually(t, func(c *assert.CollectT) {
		require.Len(c, p.follower.logs.FilterMessageSnippet("no stream is known yet, and events are refused").All(), 1)
	})
	p.startLeader()
	p.equal()
}

func TestStoredCopiesAreSealed(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.change("POST", base, createBody)
	p.startFollower()
	p.equal()
	p.stopFollower()
	files, err := filepath.Glob(filepath.Join(p.dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	content, err := os.ReadFile(files[0])
	require.NoError(t, err)
	stored := string(content)
	require.Contains(t, stored, "v1/stream/"+project)
	require.NotContains(t, stored, apiKey)
}

// What is followed answers otherwise than it should: the log says what to do, once, and
// the streams stay.
func TestWhyFollowingDoesNotWork(t *testing.T) {
	table := `{"version":1,"streams":[%s]}`
	stream := `{"project_id":"` + project + `","destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"` + apiKey + `","site":"US"}},"streaming_status":"ACTIVE"}`
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, test := range map[string]struct {
		leader http.HandlerFunc
		says   string
	}{
		"a wrong key":        {answer(401, `{}`), "401: `follow::key` is none of its `workspace_keys`"},
		"an older collector": {answer(404, `{"error_message":"There is no …"}`), "404: it has no table of streams: it is older than this collector"},
		"a newer table":      {answer(200, `{"version":2,"streams":[]}`), "its table has version 2, and this collector reads version 1: update the older of the two"},
		"another server":     {answer(200, `<html>`), "its answer is no table of streams"},
		"a redirect":         {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "302: it points to another address"},
		"it knows nothing":   {answer(503, `{"error_message":"No stream is known yet."}`), "503: No stream is known yet."},
		"a proxy's 502":      {answer(502, `<html>`), "502 Bad Gateway"},
		"no ETag":            {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, table, stream) }, "its table has no ETag"},
		"a wrong stream":     {answer(200, fmt.Sprintf(table, strings.Replace(stream, `"US"`, `"MARS"`, 1))), "stream 0 of its table: site: must be one of"},
		"a status to come":   {answer(200, fmt.Sprintf(table, strings.Replace(stream, `"ACTIVE"`, `"PENDING"`, 1))), `stream 0 of its table: its streaming_status "PENDING" is unknown`},
		"a type to come":     {answer(200, fmt.Sprintf(table, strings.Replace(stream, `"DATADOG"`, `"SPLUNK"`, 1))), `stream 0 of its table: its destination_type "SPLUNK" is unknown`},
		"a stream twice":     {answer(200, fmt.Sprintf(table, stream+","+stream)), "stream 1 of its table: it is there twice"},
		"a strange project":  {answer(200, fmt.Sprintf(table, strings.Replace(stream, "project-live", "p", 1))), "stream 0 of its table: its project_id is none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			leader := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				test.leader(w, r)
			}))
			defer leader.Close()
			p := newPair(t)
			p.startFollower(func(cfg *Config) { cfg.Follow.Get().ClientConfig.Endpoint = leader.URL })
			eventually(t, func(c *assert.CollectT) { require.GreaterOrEqual(c, asked.Load(), int64(5)) })
			lines := p.follower.logs.FilterMessageSnippet("does not work").All()
			require.Len(t, lines, 1)
			require.Contains(t, lines[0].ContextMap()["error"], test.says)
			require.NotContains(t, fmt.Sprint(lines[0].ContextMap()), apiKey)
			require.Nil(t, p.follower.Table(), "nothing is half taken")
			p.stopFollower()
		})
	}
}

// The table is for followers alone: with credentials, over TLS or from this machine.
func TestTableIsPrivate(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.change("POST", base, createBody)
	a := p.leader.do(t, "GET", "/streaming/v1/table", "") // without a connection: from nobody knows where
	require.Equal(t, http.StatusForbidden, a.StatusCode)
	require.Equal(t, "tls_required", a.json["error_type"])
	require.NotContains(t, a.text, apiKey)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: p.clients.Clone()}}
	defer client.CloseIdleConnections()
	get := func(secret, etag string) (*http.Response, string) {
		r, err := http.NewRequest(http.MethodGet, "https://"+p.address+"/streaming/v1/table", nil)
		require.NoError(t, err)
		r.SetBasicAuth(testKeyID, secret)
		if etag != "" {
			r.Header.Set("If-None-Match", etag)
		}
		asked := recordRequest(t, r)
		resp, err := client.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		requireDescribed(t, asked, resp)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		return resp, string(body)
	}
	resp, body := get("wrong", "")
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	require.NotContains(t, body, apiKey)
	resp, body = get(testSecret, "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, body, apiKey)
	etag := resp.Header.Get("ETag")
	for _, known := range []string{etag, "W/" + etag, `"x", ` + etag} {
		resp, body = get(testSecret, known)
		require.Equal(t, http.StatusNotModified, resp.StatusCode)
		require.Empty(t, body)
	}

	p.stopLeader()
	p.startLeader()
	resp, _ = get(testSecret, etag)
	require.Equal(t, http.StatusNotModified, resp.StatusCode, "the same after a restart")
	p.change("POST", base+"/DATADOG/enable", "")
	resp, _ = get(testSecret, etag)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NotEqual(t, etag, resp.Header.Get("ETag"))
}

// A follower that becomes a leader, and then a follower again, asks for the table anew.
func TestNoLongerFollowing(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.change("POST", base, createBody)
	p.startFollower()
	p.equal()
	p.stopFollower()

	p.startFollower(func(cfg *Config) { cfg.Follow = createDefaultConfig().(*Config).Follow })
	require.Equal(t, http.StatusOK, p.follower.do(t, "POST", base+"/DATADOG/enable", "").StatusCode, "changes are made here now")
	p.stopFollower()
	p.startFollower()
	p.equal()
	require.False(t, p.follower.Table().Stream(project, managed.Datadog).Active)
}

// A storage that fails keeps the table from being published.
func TestFollowedTablesAreStoredFirst(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	p.startFollower()
	p.equal()
	p.follower.control.mu.Lock()
	client := p.follower.control.store.client
	p.follower.control.store.client = &failingClient{Client: client, err: errors.New("no space left")}
	p.follower.control.mu.Unlock()
	p.change("POST", base, createBody)
	eventually(t, func(c *assert.CollectT) {
		require.ErrorContains(c, p.status.last().Err(), "storing its table: no space left")
	})
	require.Zero(t, p.follower.Table().Len())
	p.follower.control.mu.Lock()
	p.follower.control.store.client = client
	p.follower.control.mu.Unlock()
	p.equal()
	eventually(t, func(c *assert.CollectT) { require.Equal(c, componentstatus.StatusOK, p.status.last().Status()) })
}

// One outage is one line in a minute, whatever its causes.
func TestCausesThatAlternate(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	leader := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader([]int{http.StatusBadGateway, http.StatusUnauthorized, http.StatusNotFound}[asked.Add(1)%3])
	}))
	defer leader.Close()
	p := newPair(t)
	p.startFollower(func(cfg *Config) { cfg.Follow.Get().ClientConfig.Endpoint = leader.URL })
	eventually(t, func(c *assert.CollectT) { require.GreaterOrEqual(c, asked.Load(), int64(8)) })
	require.Equal(t, 1, p.follower.logs.FilterMessageSnippet("does not work").Len())
}

// An answer that never comes does not hold up the shutdown.
func TestShutdownWhileAsking(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	leader := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer leader.Close()
	p := newPair(t)
	p.startFollower(func(cfg *Config) { cfg.Follow.Get().ClientConfig.Endpoint = leader.URL })
	<-asked
	p.stopFollower()
	require.Zero(t, p.follower.logs.FilterMessageSnippet("does not work").Len())
}

// The other side's machine goes without a word: nothing comes on the connection any more.
// The next one is a new connection.
func TestSilentConnectionsAreGivenUp(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.startLeader()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	var silent atomic.Bool // for connections that are open by then
	var connections atomic.Int64
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			out, err := net.Dial("tcp", p.address)
			if err != nil {
				in.Close()
				continue
			}
			first := connections.Load() == 1
			pass := func(to, from net.Conn) {
				defer to.Close()
				buffer := make([]byte, 4096)
				for {
					n, err := from.Read(buffer)
					if err != nil {
						return
					}
					if first && silent.Load() {
						continue
					}
					if _, err := to.Write(buffer[:n]); err != nil {
						return
					}
				}
			}
			go pass(out, in)
			go pass(in, out)
		}
	}()
	p.startFollower(func(cfg *Config) { cfg.Follow.Get().ClientConfig.Endpoint = "https://" + listener.Addr().String() })
	p.equal()
	silent.Store(true)
	p.change("POST", base, createBody)
	p.equal()
	require.Equal(t, int64(2), connections.Load())
}

// A proxy that takes If-None-Match off makes no work of what is known.
func TestWhatIsKnownIsNotStoredAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	leader := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("ETag", `"1"`)
		_, _ = io.WriteString(w, `{"version":1,"streams":[]}`)
	}))
	defer leader.Close()
	p := newPair(t)
	p.startFollower(func(cfg *Config) { cfg.Follow.Get().ClientConfig.Endpoint = leader.URL })
	eventually(t, func(c *assert.CollectT) { require.NotNil(c, p.follower.Table()) })
	table, before := p.follower.Table(), asked.Load()
	eventually(t, func(c *assert.CollectT) { require.GreaterOrEqual(c, asked.Load(), before+5) })
	require.Same(t, table, p.follower.Table())
}

func TestFollowNeedsItsCertificates(t *testing.T) {
	p := newPair(t)
	cfg := testConfig()
	client := defaultClient()
	client.Endpoint, client.TLS.CAFile = "https://"+p.address, filepath.Join(p.dir, "nowhere.crt")
	cfg.Follow = configoptional.Some(FollowConfig{ClientConfig: client, Key: cfg.WorkspaceKeys[0]})
	_, err := tryStart(t, newHost(t, p.dir), cfg)
	require.ErrorContains(t, err, "follow: ")
	require.ErrorContains(t, err, "nowhere.crt")
}

// FuzzTable finds no table that is half taken: what is decoded is encoded to the same
// streams.
func FuzzTable(f *testing.F) {
	stream := `{"project_id":"` + project + `","destination_type":"DATADOG","destination_config":{"datadog":{"api_key":"` + apiKey + `","site":"US"}},"streaming_status":"ACTIVE"}`
	for _, body := range []string{`{"version":1,"streams":[]}`, `{"version":1,"streams":[` + stream + `]}`, `{"version":2}`, `{`, `{"version":1,"streams":[null]}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		streams, err := decodeTable(body)
		if err != nil {
			return
		}
		encoded, err := new(tableCache).encode(managed.NewTable(streams...))
		require.NoError(t, err)
		again, err := decodeTable([]byte(`{"version":1,"streams":` + string(encoded.streams) + `}`))
		require.NoError(t, err)
		require.Equal(t, managed.NewTable(streams...), managed.NewTable(again...))
	})
}

func TestFollowConfig(t *testing.T) {
	for name, test := range map[string]struct {
		follow map[string]any
		says   string
	}{
		"plain http":     {map[string]any{"endpoint": "http://control.example.com:8322"}, "follow: endpoint: must begin with https://"},
		"no scheme":      {map[string]any{"endpoint": "control.example.com:8322"}, "follow: endpoint: must be"},
		"nothing":        {map[string]any{}, "follow: endpoint: must be"},
		"credentials":    {map[string]any{"endpoint": "https://a:secret-of-the-url@control.example.com"}, "follow: endpoint: must be"},
		"an ftp":         {map[string]any{"endpoint": "ftp://control.example.com"}, "follow: endpoint: must begin with https://"},
		"an auth":        {map[string]any{"endpoint": "https://c", "auth": map[string]any{"authenticator": "basicauth"}}, "follow: auth: is not supported"},
		"no unit":        {map[string]any{"endpoint": "https://c", "timeout": 5}, "follow: timeout: must be at least 1ms"},
		"no key":         {map[string]any{"endpoint": "https://c", "key": map[string]any{}}, "follow: key: id: must be"},
		"https":          {map[string]any{"endpoint": "https://control.example.com:8322"}, ""},
		"https, a path":  {map[string]any{"endpoint": "https://example.com/control/"}, ""},
		"this machine":   {map[string]any{"endpoint": "http://localhost:8322"}, ""},
		"this machine 4": {map[string]any{"endpoint": "http://127.0.0.1:8322"}, ""},
		"this machine 6": {map[string]any{"endpoint": "http://[::1]:8322"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig()
			if test.follow["key"] == nil {
				test.follow["key"] = map[string]any{"id": testKeyID, "secret": testSecret}
			}
			require.NoError(t, confmap.NewFromStringMap(map[string]any{"follow": test.follow}).Unmarshal(cfg))
			require.True(t, cfg.Follow.HasValue())
			err := confmap.Validate(cfg)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "secret-of-the-url")
			require.NotContains(t, err.Error(), testSecret)
		})
	}
}
