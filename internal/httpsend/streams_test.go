package httpsend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
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

// A change of a stream does not wait for the disk of its queue: every other change would
// wait with it.
func TestNewCredentialsDoNotWaitForTheDisk(t *testing.T) {
	_, sender := newIntake(t, nil)
	of := &managed.Stream{ProjectID: "project-live-1", Destination: managed.Datadog, Generation: 1, Figures: managed.NewFigures()}
	s := newStream(component.MustNewID("test"), of, &total{})
	s.logs = &logs{sender: sender, quarantine: sender.quarantine}
	p := &project{name: of.ProjectID}
	p.stream.Store(s)
	f := &streams{Managed: Managed{
		Destination: of.Destination,
		Target:      func(managed.Credentials) (Target, error) { return Target{URL: "http://new"}, nil },
	}}
	sender.quarantine.mu.Lock() // as while it writes
	changed := *of
	changed.Generation = 2
	followed := make(chan struct{})
	go func() {
		f.followOne(func() *managed.Table { return managed.NewTable(&changed) }, p)
		close(followed)
	}()
	select {
	case <-followed:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits")
	}
	require.Equal(t, "http://new", sender.Target().URL)
	sender.quarantine.mu.Unlock()
	f.work.Wait()
	s.era.Load().end()
}

// A thousand streams do not make a thousand complaints of zap where the collector logs
// errors alone.
func TestFromWarn(t *testing.T) {
	for level, lines := range map[zapcore.Level]int{zap.DebugLevel: 2, zap.InfoLevel: 2, zap.WarnLevel: 2, zap.ErrorLevel: 1} {
		core, logs := observer.New(level)
		var complaints strings.Builder
		logger := fromWarn(zap.New(core, zap.ErrorOutput(zapcore.AddSync(&complaints))))
		logger.Info("info")
		logger.Warn("warn")
		logger.Error("error")
		require.Equal(t, lines, logs.Len(), level)
		require.Empty(t, complaints.String(), level)
	}
}
