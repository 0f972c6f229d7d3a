package httpsend

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// Whoever looks at the figures of a stream that fails does not stop the stream, nor is
// stopped by it.
func TestFiguresAreReadWhileAStreamFails(t *testing.T) {
	figures := managed.NewFigures()
	s := &stream{account: account{figures: figures, total: &total{most: 10}}, logs: &logs{quarantine: &quarantine{}}}
	figures.Serve(s.oldest)
	require.True(t, s.account.accept(1))
	defer s.account.sending(&payload.Request{})()

	const times = 20_000
	why := refusalOf(errors.New("no answer"))
	var all sync.WaitGroup
	all.Go(func() {
		for range times {
			s.account.fails(why, time.Time{})
			s.account.works()
		}
	})
	all.Go(func() {
		for range times {
			figures.Snapshot()
		}
	})
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("they wait for each other")
	}
	require.EqualValues(t, 1, figures.Snapshot().Waiting)
}
