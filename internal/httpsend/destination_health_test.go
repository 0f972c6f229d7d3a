package httpsend

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// poison refuses an X.
func poison(payload string, _ http.ResponseWriter) int {
	if strings.Contains(payload, "X") {
		return http.StatusBadRequest
	}
	return http.StatusAccepted
}

// requireWhole requires the ranges to be all records up to n, in order.
func requireWhole(t *testing.T, rest []payload.Range, n int) {
	t.Helper()
	next := 0
	for _, r := range rest {
		require.Equal(t, next, r.Lo)
		next = r.Hi
	}
	require.Equal(t, n, next)
}

func TestAnIntakeThatRefusesEverythingKeepsThePush(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge} {
		answer := code
		in, s := newIntake(t, func(string, http.ResponseWriter) int { return answer })
		s.health.quarantinedInDoubt = time.Now()
		var reported []componentstatus.Status
		s.Report = func(e *componentstatus.Event) { reported = append(reported, e.Status()) }
		for range 3 {
			in.requests.Store(0)
			rest, err := (&letters{text: strings.Repeat("a", 1000), max: 1000}).send(t.Context(), s)
			require.ErrorIs(t, err, errDoubt)
			require.ErrorContains(t, err, "Throttle (30s)")
			requireWhole(t, rest, 1000)
			require.LessOrEqual(t, in.requests.Load(), int32(60), "each time")
		}
		require.Empty(t, in.drops)
		require.Empty(t, s.quarantine.records)
		require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError}, reported)

		answer = http.StatusAccepted
		_, err := (&letters{text: "a", max: 1}).send(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, componentstatus.StatusOK, reported[1])
	}
}

func TestRefusedOnesLeaveThePushOnceOthersAreAccepted(t *testing.T) {
	in, s := newIntake(t, poison)
	rest, err := (&letters{text: strings.Repeat("X", 40) + strings.Repeat("a", 30) + strings.Repeat("X", 30), max: 100}).send(t.Context(), s)
	require.NoError(t, err, "it is looked for one that is accepted")
	require.Empty(t, rest)
	require.Len(t, s.quarantine.records, 70)
	require.Empty(t, in.drops)
	require.Equal(t, strings.Repeat("a", 30), strings.Join(in.accepted, ""))
}

func TestRefusedOnesOfSmallPushesLeaveThemUntilThereAreTooMany(t *testing.T) {
	in, s := newIntake(t, poison)
	s.health.quarantinedInDoubt = time.Now()
	push := func(text string) ([]payload.Range, error) { return (&letters{text: text, max: 1}).send(t.Context(), s) }
	for range maxRejectedInARow - 1 {
		_, err := push("X")
		require.NoError(t, err)
	}
	rest, err := push("X")
	require.ErrorIs(t, err, errDoubt)
	require.Equal(t, []payload.Range{{Lo: 0, Hi: 1}}, rest)
	require.Len(t, s.quarantine.records, maxRejectedInARow-1)

	s.health.quarantinedInDoubt = time.Now().Add(-s.HoldFor)
	_, err = push("X")
	require.NoError(t, err, "one in a while leaves the stream's way")
	_, err = push("X")
	require.ErrorIs(t, err, errDoubt)

	_, err = push("a")
	require.NoError(t, err)
	_, err = push("X")
	require.NoError(t, err, "others are accepted")
	require.Len(t, s.quarantine.records, maxRejectedInARow+1)
	require.Empty(t, in.drops)
}

func TestRefusedOnesAreKeptWithTheRestOfAPush(t *testing.T) {
	in, s := newIntake(t, func(payload string, _ http.ResponseWriter) int {
		if len(payload) == 1 && payload != "X" {
			return http.StatusServiceUnavailable
		}
		return http.StatusBadRequest
	})
	rest, err := (&letters{text: "Xbcd", max: 4}).send(t.Context(), s)
	require.ErrorContains(t, err, "answered 503")
	requireWhole(t, rest, 4)
	require.Empty(t, s.quarantine.records)
	require.Empty(t, in.drops)
}

func TestAnEventLargerThanTheQuarantineGoesThereAlone(t *testing.T) {
	_, s := newIntake(t, poison)
	s.quarantine.size = maxQuarantinedBytes // as if an X had this size
	_, err := (&letters{text: "aX", max: 2}).send(t.Context(), s)
	require.NoError(t, err)
	_, err = (&letters{text: "aX", max: 2}).send(t.Context(), s)
	require.ErrorIs(t, err, errNoRoom, "beside another")
	require.Len(t, s.quarantine.records, 1)
}

func TestAFullQuarantineLeavesThemInThePush(t *testing.T) {
	_, s := newIntake(t, poison)
	s.quarantine.size = maxQuarantinedBytes - 1
	rest, err := (&letters{text: "XaXbX", max: 5}).send(t.Context(), s)
	require.ErrorIs(t, err, errNoRoom)
	require.ErrorContains(t, err, "Throttle (30s)")
	require.Len(t, s.quarantine.records, 1)
	left := 0
	for _, r := range rest {
		left += r.Hi - r.Lo
	}
	require.Equal(t, 2, left)
}

// A kept connection to a server that refuses everything is given up.
func TestARefusingConnectionIsGivenUp(t *testing.T) {
	in, s := newIntake(t, nil)
	var mu sync.Mutex
	first := ""
	in.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		if first == "" {
			first = r.RemoteAddr
		}
		if r.RemoteAddr == first {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	for range 4 {
		_, err := (&letters{text: "a", max: 1}).send(t.Context(), s)
		require.NoError(t, err)
	}
	require.Len(t, s.quarantine.records, 2, "of two refusals the second ends the connection")
}

// While records are refused now and then, little is sent again.
func TestRefusedOnesMakeRequestsSmaller(t *testing.T) {
	sent := 0
	_, s := newIntake(t, func(payload string, w http.ResponseWriter) int {
		sent += len(payload)
		return poison(payload, w)
	})
	push := func() int {
		sent = 0
		_, err := (&letters{text: strings.Repeat("a", 700) + "X" + strings.Repeat("a", 299), max: 1000}).send(t.Context(), s)
		require.NoError(t, err)
		return sent
	}
	require.InDelta(t, 2330, push(), 30)
	require.InDelta(t, 1170, push(), 30)
	require.Len(t, s.quarantine.records, 2)
}
