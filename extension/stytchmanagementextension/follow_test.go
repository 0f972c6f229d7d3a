package stytchmanagementextension

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

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
