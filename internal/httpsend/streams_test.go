package httpsend

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// A status is shown at once where it is another, and at most once a second where only
// its words are. It names five projects.
func TestStatusOfStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown []string
		s := newStreamsStatus(func(event *componentstatus.Event) {
			if event.Err() == nil {
				shown = append(shown, event.Status().String())
				return
			}
			require.Equal(t, componentstatus.StatusRecoverableError, event.Status())
			shown = append(shown, event.Err().Error())
		})
		take := func() []string {
			synctest.Wait()
			defer func() { shown = nil }()
			return shown
		}
		s.set("p3", nil)
		require.Empty(t, take(), "it was well before")
		s.set("p3", errors.New("403"))
		require.Equal(t, []string{"the events of 1 streams wait: p3: 403"}, take())
		for i := range 7 {
			s.set(fmt.Sprint("p", i), errors.New("503"))
		}
		require.Empty(t, take())
		time.Sleep(statusEvery)
		require.Equal(t, []string{"the events of 7 streams wait: p0: 503; p1: 503; p2: 503; p3: 503; p4: 503; and 2 more"}, take())
		for i := range 6 {
			s.set(fmt.Sprint("p", i), nil)
		}
		time.Sleep(statusEvery)
		require.Equal(t, []string{"the events of 1 streams wait: p6: 503"}, take())
		s.set("p6", nil)
		require.Equal(t, []string{"StatusOK"}, take())
		s.set("p6", errors.New("403"))
		s.set("p7", errors.New("403"))
		s.stop()
		time.Sleep(time.Hour)
		require.Equal(t, []string{"the events of 1 streams wait: p6: 403"}, take(), "nothing is shown after the end")
	})
}

// A host that answers nothing holds so many requests and no more, and stops no other
// host's.
func TestHostLimit(t *testing.T) {
	var l hostLimit
	var leave []func()
	for range maxAtOneHost {
		done, err := l.enter(t.Context(), "a")
		require.NoError(t, err)
		leave = append(leave, done)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.enter(ctx, "a")
	require.EqualError(t, err, "waiting for one of 64 requests to a to end: context canceled")
	other, err := l.enter(t.Context(), "b")
	require.NoError(t, err)
	other()
	leave[0]()
	again, err := l.enter(t.Context(), "a")
	require.NoError(t, err)
	again()

	var none *hostLimit
	for range 2 * maxAtOneHost {
		_, err := none.enter(t.Context(), "a")
		require.NoError(t, err)
	}
}
