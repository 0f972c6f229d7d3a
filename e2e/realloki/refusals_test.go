//go:build e2e_loki

package realloki

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

const day = 24 * time.Hour

func timestamp(at time.Time, i int) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(at.Add(time.Duration(i)))
}

// The good ones of a batch are stored, and the counters tell how many were not.
func TestTheGoodOnesAreStored(t *testing.T) {
	for _, encoding := range encodings {
		c := newClient(t, shared, "mixed-"+name(encoding), encoding)
		now := time.Now()
		good := []testdata.Event{event(now.Add(-2), "one"), ofSize(now.Add(-1), 256<<10), event(now, "three")}
		require.NoError(t, c.push(append([]testdata.Event{
			event(now.Add(-8*day), "too old"), event(now.Add(-9*day), "too old"), event(now.Add(-9*day), "too old"),
			event(now.Add(11*time.Minute), "too new"),
			ofSize(now, 256<<10+1), ofSize(now.Add(1), 256<<10+1),
		}, good...)...))
		c.requireStored(shared, good)
		require.Equal(t, map[string]int{"delivered": 3, "too_old": 3, "too_large": 2, "rejected": 1}, c.counts())

		// Now the stream is more than an hour ahead of these; that there is one
		// of 8 days besides, the answer does not tell but by its total.
		require.NoError(t, c.push(event(now.Add(-2*time.Hour), "behind"), event(now.Add(-3*time.Hour), "behind"), event(now.Add(-8*day), "too old")))
		require.Equal(t, map[string]int{"delivered": 3, "too_old": 5, "too_large": 2, "rejected": 2}, c.counts())
	}
}

func TestTheGuardDropsBeforeSending(t *testing.T) {
	c := newClient(t, shared, "guard", map[string]any{"too_old": "drop"})
	now := time.Now()
	require.NoError(t, c.push(event(now.Add(-8*day), "too old"), event(now, "good"), event(now.Add(20*time.Minute), "too new")))
	c.requireStored(shared, []testdata.Event{event(now, "good")})
	require.Equal(t, map[string]int{"delivered": 1, "too_old": 1, "rejected": 1}, c.counts())
}

// Why a request is of one stream: Loki answers 204 to two of which it refused
// the first.
func TestLokiTellsOfTheLastStreamOnly(t *testing.T) {
	now := time.Now()
	body := func(first time.Time) string {
		stream := `{"stream":{"service_name":"%s"},"values":[["%d","x"]]}`
		return `{"streams":[` + fmt.Sprintf(stream, "a", first.UnixNano()) + `,` + fmt.Sprintf(stream, "b", now.UnixNano()) + `]}`
	}
	for _, first := range []time.Time{now, now.Add(-2 * time.Hour)} {
		code, text, err := shared.Push(t.Context(), "two-streams", body(first), http.Header{"Content-Type": {"application/json"}})
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, code, text)
	}
	entries, err := shared.Entries(t.Context(), "two-streams")
	require.NoError(t, err)
	require.Len(t, entries, 2, "not the one of two hours ago")
}

// With a stream each, the same is counted.
func TestEveryStreamIsHeardOf(t *testing.T) {
	c := newClient(t, shared, "streams-apart")
	now := time.Now()
	login := func(at time.Time) testdata.Event { return event(at, `{"action":"Login"}`) }
	require.NoError(t, c.push(login(now)))
	require.NoError(t, c.push(login(now.Add(-2*time.Hour)), event(now, `{"action":"Logout"}`)))
	require.Equal(t, map[string]int{"delivered": 2, "too_old": 1}, c.counts())
}

// A request above what the tenant can ever send at once is split until it is
// not, and the rest waits for the rate.
func TestARequestAboveTheBurstIsSplit(t *testing.T) {
	// Refused attempts use up some of Loki's tokens too: at a wait that is
	// shorter than the rate asks for, nothing would ever pass.
	c := newClient(t, shared, "rate-limited", map[string]any{
		"labels": map[string]any{}, "retry_on_failure": map[string]any{"initial_interval": "2s", "max_interval": "2s"},
	})
	var events []testdata.Event
	for i := range 6 {
		events = append(events, ofSize(time.Now().Add(time.Duration(i)), 600))
	}
	require.NoError(t, c.push(events...))
	c.requireStored(shared, events)
	counts := c.counts()
	require.Equal(t, 6, counts["delivered"])
	require.Positive(t, counts["split"])
	require.Zero(t, counts["too_large"]+counts["rejected"])
}

// A stream takes of a request what its rate allows, and at the next attempt the
// same again: only a smaller request leaves room for the others.
func TestAStreamAboveItsRateIsSplit(t *testing.T) {
	c := newClient(t, shared, "stream-rate-limited", map[string]any{"retry_on_failure": map[string]any{"initial_interval": "1s", "max_interval": "1s"}})
	var events []testdata.Event
	for i := range 4 {
		events = append(events, ofSize(time.Now().Add(time.Duration(i)), 600))
	}
	require.NoError(t, c.push(events...))
	c.requireStored(shared, events)
	counts := c.counts()
	require.Equal(t, 4, counts["delivered"])
	require.Positive(t, counts["split"])
	require.Zero(t, counts["too_large"]+counts["rejected"])
}

// What is refused for now is kept, whatever the code that says so.
func TestTenantsThatTakeNothingForNow(t *testing.T) {
	held := []componentstatus.Status{componentstatus.StatusRecoverableError}
	for _, c := range []struct {
		tenant, answer string
		statuses       []componentstatus.Status
	}{
		{"blocked", "answered 260, which does not confirm that anything is stored: ingestion blocked for user 'blocked'", held},
		{"blocked-400", "answered 400: ingestion blocked for user 'blocked-400'", held},
		{"", "answered 401: no org id", held},
		{"one-stream", "answered 429: maximum active stream limit exceeded", nil},
	} {
		t.Run(c.tenant, func(t *testing.T) {
			client := newClient(t, shared, c.tenant, retryNever)
			if c.tenant == "one-stream" {
				require.NoError(t, client.push(event(time.Now(), `{"action":"Login"}`)))
			}
			before := client.counts()
			err := client.push(event(time.Now(), `{"action":"Logout"}`), event(time.Now(), `{"action":"Logout"}`))
			require.ErrorContains(t, err, c.answer)
			require.Equal(t, before, client.counts(), "neither delivered nor dropped")
			require.Equal(t, c.statuses, client.statuses)
		})
	}
}

// Where a tenant refuses whole streams, each of their entries is counted.
func TestTenantsThatRefuseStreams(t *testing.T) {
	for tenant, want := range map[string]map[string]int{
		"two-labels":   {"delivered": 1, "rejected": 2}, // source and action are two; service_name is not counted
		"short-labels": {"delivered": 1, "rejected": 2},
		"enforced":     {"rejected": 3},
		"no-metadata":  {"delivered": 1, "rejected": 2},
	} {
		t.Run(tenant, func(t *testing.T) {
			c := newClient(t, shared, tenant, map[string]any{
				"labels": map[string]any{"action": "stytch.action", "status": "stytch.status"},
			})
			// Loki remembers the labels that it has checked, whoever's they were.
			long := fmt.Sprintf(`{"action":"An action of %s","status":"Success","request_id":"r"}`, tenant)
			short := fmt.Sprintf(`{"action":"%.4s"}`, tenant)
			require.NoError(t, c.push(event(time.Now(), long), event(time.Now(), long), event(time.Now(), short)))
			require.Equal(t, want, c.counts())
		})
	}
}
