package stytchmanagementextension

import (
	"context"
	"crypto/tls"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"

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
