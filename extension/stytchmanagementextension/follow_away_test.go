package stytchmanagementextension

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
)

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
