package stytchprocessor

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

// crossing is a processor before a consumer that answers when the test says so.
type crossing struct {
	*world
	mu      sync.Mutex
	arrived []*arrival // and not answered yet
}

type arrival struct {
	ids    []string
	answer chan error
}

// newCrossing belongs into a synctest bubble, whose Wait tells that all requests
// are where they will stay.
func newCrossing(t *testing.T, configure func(*Config)) *crossing {
	c := &crossing{}
	next, err := consumer.NewLogs(func(_ context.Context, ld plog.Logs) error {
		a := &arrival{ids(ld), make(chan error)}
		c.mu.Lock()
		c.arrived = append(c.arrived, a)
		c.mu.Unlock()
		return <-a.answer
	})
	require.NoError(t, err)
	c.world = newWorldBefore(t, next, configure)
	return c
}

// send starts a request, and returns where its outcome will be.
func (c *crossing) send(ctx context.Context, ids ...string) *outcome {
	o := &outcome{}
	go func() {
		o.err = c.processor.ConsumeLogs(ctx, logs(ids...))
		o.ended = true
	}()
	synctest.Wait()
	return o
}

type outcome struct {
	ended bool
	err   error
}

// requireArrived tells which events are with the next consumer, request by request.
func (c *crossing) requireArrived(requests ...[]string) {
	c.t.Helper()
	var got [][]string
	for _, a := range c.arrived {
		got = append(got, a.ids)
	}
	require.Equal(c.t, requests, got)
}

// answer ends the request that has the event with the next consumer.
func (c *crossing) answer(id string, err error) {
	c.t.Helper()
	i := slices.IndexFunc(c.arrived, func(a *arrival) bool { return slices.Contains(a.ids, id) })
	require.GreaterOrEqual(c.t, i, 0, "%s is not with the next consumer", id)
	a := c.arrived[i]
	c.arrived = slices.Delete(c.arrived, i, i+1)
	a.answer <- err
	synctest.Wait()
}

var errFull = errors.New("full")

func TestAnEventInFlightIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrossing(t, deduplicating)
		first := c.send(t.Context(), "a", "b")
		second := c.send(t.Context(), "c", "a", "d", "a")
		third := c.send(t.Context(), "b")
		c.requireArrived([]string{"a", "b"}, []string{"c", "d"}) // its own new ones at once
		c.answer("c", nil)
		require.False(t, second.ended, "acknowledged before a was taken")
		require.False(t, third.ended, "acknowledged before b was taken")
		c.answer("a", nil)
		require.Equal(t, []outcome{{true, nil}, {true, nil}, {true, nil}}, []outcome{*first, *second, *third})
		c.requireArrived()
		c.requireDropped(map[string]int64{"duplicate": 3})
		c.requireRemembered(4)
	})
}

func TestAFailureHandsTheEventOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrossing(t, deduplicating)
		first := c.send(t.Context(), "a")
		second := c.send(t.Context(), "a", "x")
		third := c.send(t.Context(), "a", "y")
		c.requireArrived([]string{"a"}, []string{"x"}, []string{"y"})
		c.answer("x", nil)
		c.answer("y", nil)
		c.answer("a", errFull)
		require.Equal(t, outcome{true, errFull}, *first)
		c.requireArrived([]string{"a"}) // one of them took it, the other waits again
		require.False(t, second.ended || third.ended)
		c.answer("a", errFull)
		require.NotEqual(t, second.ended, third.ended)
		c.requireArrived([]string{"a"})
		c.answer("a", nil)
		require.ElementsMatch(t, []outcome{{true, errFull}, {true, nil}}, []outcome{*second, *third})
		c.requireDropped(nil)
	})
}

func TestARefusalIsAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrossing(t, deduplicating)
		c.send(t.Context(), "a")
		second := c.send(t.Context(), "a", "b")
		c.answer("b", errFull)
		require.Equal(t, outcome{true, errFull}, *second)
		c.answer("a", nil)
	})
}

// TestRequestsThatHoldEachOthersEvents has two requests get one event each that
// both want, and both need the other's. Each hands its own on before it waits,
// whatever the answers.
func TestRequestsThatHoldEachOthersEvents(t *testing.T) {
	for name, answers := range map[string][2]error{
		"both taken": {nil, nil}, "first refused": {errFull, nil}, "second refused": {nil, errFull}, "both refused": {errFull, errFull},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCrossing(t, deduplicating)
				c.send(t.Context(), "a")
				c.send(t.Context(), "b")
				one := c.send(t.Context(), "a", "b") // waits for a
				two := c.send(t.Context(), "b", "a") // waits for b
				c.answer("a", errFull)
				c.answer("b", errFull)
				c.requireArrived([]string{"a"}, []string{"b"})
				require.False(t, one.ended || two.ended)
				c.answer("a", answers[0])
				c.answer("b", answers[1])
				for len(c.arrived) > 0 { // what was refused is with the other now
					c.answer(c.arrived[0].ids[0], nil)
				}
				require.Equal(t, [2]outcome{{true, answers[0]}, {true, answers[1]}}, [2]outcome{*one, *two})
			})
		})
	}
}

// TestTheWaitIsBounded ends the context of a request that waits: its error asks
// to try again, and by then its own events are known.
func TestTheWaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrossing(t, deduplicating)
		first := c.send(t.Context(), "a")
		ctx, cancel := context.WithCancelCause(t.Context())
		second := c.send(ctx, "a", "b")
		c.answer("b", nil)
		require.False(t, second.ended)
		errHungUp := errors.New("the sender hung up")
		cancel(errHungUp)
		synctest.Wait()
		require.EqualError(t, second.err, "waiting for another request that holds the same event: the sender hung up")
		require.ErrorIs(t, second.err, errHungUp)
		require.False(t, consumererror.IsPermanent(second.err))
		require.False(t, first.ended)

		c.answer("a", nil)
		again := c.send(t.Context(), "a", "b")
		require.Equal(t, outcome{true, nil}, *again)
		c.requireArrived()
	})
}

// TestAnErrorOfPartsHoldsWhatWasSetAside: who sends only the part again that an
// error names must not lose the events that were not tried.
func TestAnErrorOfPartsHoldsWhatWasSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrossing(t, deduplicating)
		c.send(t.Context(), "a")
		second := c.send(t.Context(), "x", "a", "y")
		c.answer("x", consumererror.NewLogs(errFull, logs("y")))
		require.ErrorIs(t, second.err, errFull)
		var partial consumererror.Logs
		require.ErrorAs(t, second.err, &partial)
		require.Equal(t, []string{"y", "a"}, ids(partial.Data()))
		c.answer("a", nil)
	})
}

// TestADuplicateIsOneThoughForgotten waits for a request that takes more events
// than are remembered.
func TestADuplicateIsOneThoughForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrossing(t, func(cfg *Config) { cfg.Deduplicate.GetOrInsertDefault().MaxEvents = 1 })
		c.send(t.Context(), "a", "b")
		second := c.send(t.Context(), "a", "b")
		c.answer("a", nil)
		require.Equal(t, outcome{true, nil}, *second)
		c.requireArrived()
	})
}
