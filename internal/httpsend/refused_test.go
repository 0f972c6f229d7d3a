package httpsend

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

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

func TestAnIntakeThatRefusesEverythingLosesNothing(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
		answer := code
		in, s := newIntake(t, func(string, http.ResponseWriter) int { return answer })
		var reported []componentstatus.Status
		s.Report = func(e *componentstatus.Event) { reported = append(reported, e.Status()) }
		for range 3 {
			in.requests.Store(0)
			b := &letters{text: strings.Repeat("a", 1000), max: 1000}
			rest, err := b.send(t.Context(), s)
			require.ErrorContains(t, err, "nothing is accepted")
			require.ErrorContains(t, err, "Throttle (30s)")
			requireWhole(t, rest, 1000)
			require.Empty(t, in.drops)
			require.LessOrEqual(t, in.requests.Load(), int32(60), "each time")
		}
		require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError}, reported)

		answer = http.StatusAccepted
		_, err := (&letters{text: "a", max: 1}).send(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, componentstatus.StatusOK, reported[1])
	}
}

func TestRefusedOnesAreDroppedOnceOthersAreAccepted(t *testing.T) {
	in, s := newIntake(t, poison)
	_, err := (&letters{text: strings.Repeat("X", 40) + strings.Repeat("a", 30) + strings.Repeat("X", 30), max: 100}).send(t.Context(), s)
	require.NoError(t, err, "it is looked for one that is accepted")
	require.Len(t, in.drops, 70)
	require.Equal(t, strings.Repeat("a", 30), strings.Join(in.accepted, ""))
}

func TestRefusedOnesOfSmallPushesAreDroppedUntilThereAreTooMany(t *testing.T) {
	in, s := newIntake(t, poison)
	for range maxRefused - 1 {
		_, err := (&letters{text: "X", max: 1}).send(t.Context(), s)
		require.NoError(t, err)
	}
	rest, err := (&letters{text: "X", max: 1}).send(t.Context(), s)
	require.ErrorContains(t, err, "nothing is accepted")
	require.Equal(t, []payload.Range{{Lo: 0, Hi: 1}}, rest)
	require.Len(t, in.drops, maxRefused-1)

	_, err = (&letters{text: "a", max: 1}).send(t.Context(), s)
	require.NoError(t, err)
	_, err = (&letters{text: "X", max: 1}).send(t.Context(), s)
	require.NoError(t, err, "others are accepted, so this one is at fault")
	require.Len(t, in.drops, maxRefused)
}

func TestRefusedOnesAreKeptWithTheRestOfAPush(t *testing.T) {
	in, s := newIntake(t, func(payload string, _ http.ResponseWriter) int {
		if len(payload) == 1 && payload != "X" {
			return http.StatusServiceUnavailable
		}
		return http.StatusBadRequest
	})
	s.trust.refused = maxRefused - 1
	rest, err := (&letters{text: "Xbcd", max: 4}).send(t.Context(), s)
	require.ErrorContains(t, err, "answered 503")
	requireWhole(t, rest, 4)
	require.Empty(t, in.drops)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Records that are truly at fault and fill every consumer of the queue would
// otherwise stop the stream for ever.
func TestOneRefusedRecordInAWhileIsDropped(t *testing.T) {
	in, s := newIntake(t, nil)
	synctest.Test(t, func(t *testing.T) {
		s.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			require.NoError(t, r.Body.Close())
			return &http.Response{StatusCode: http.StatusBadRequest, Body: http.NoBody, Header: http.Header{}}, nil
		})}
		s.trust.refused = maxRefused
		left, tries := 2, 0
		for left > 0 {
			rest, err := (&letters{text: strings.Repeat("X", left), max: 9}).send(t.Context(), s)
			left = len(rest)
			require.Equal(t, left > 0, err != nil)
			tries++
			time.Sleep(s.HoldFor)
		}
		require.Equal(t, 2*int(releaseAfter/s.HoldFor)+1, tries)
		require.Equal(t, []string{"1 rejected", "1 rejected"}, in.drops)
	})
}

// A push of refused records alone is dropped bit by bit while other pushes are
// accepted.
func TestAPushOfRefusedOnesIsDroppedWhereOtherPushesAreAccepted(t *testing.T) {
	in, s := newIntake(t, poison)
	left := 5 * maxRefused
	for range 12 {
		_, err := (&letters{text: "a", max: 1}).send(t.Context(), s)
		require.NoError(t, err)
		rest, err := (&letters{text: strings.Repeat("X", left), max: 1000}).send(t.Context(), s)
		left = 0
		for _, r := range rest {
			left += r.Hi - r.Lo
		}
		require.Equal(t, left > 0, err != nil)
	}
	require.Zero(t, left)
	require.Len(t, in.drops, 5*maxRefused)
}
