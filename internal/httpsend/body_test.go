package httpsend

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// net/http may read on after the answer is there: the memory must stay as it
// is until the last reader is closed.
func TestBodyIsNotUsedAgainWhileItIsRead(t *testing.T) {
	b := newBody()
	b.WriteString("payload")
	req := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	b.attach(req)
	again, err := req.GetBody()
	require.NoError(t, err)
	b.release()
	require.NoError(t, req.Body.Close())
	require.NoError(t, req.Body.Close(), "closing twice counts once")
	require.Equal(t, int32(1), b.users.Load())
	got, err := io.ReadAll(again)
	require.NoError(t, err)
	require.Equal(t, "payload", string(got))
	require.NoError(t, again.Close())
	require.Zero(t, b.users.Load())
}

// HTTP/2 closes a body that it is still reading, where the answer comes early.
func TestAClosedBodyIsReadNoMore(t *testing.T) {
	var reading sync.WaitGroup
	for range 100 {
		b := newBody()
		b.Write(make([]byte, 1<<16))
		r := b.reader()
		started := make(chan struct{})
		reading.Go(func() {
			_, _ = r.Read(make([]byte, 1))
			close(started)
			_, _ = io.Copy(io.Discard, r)
		})
		<-started
		require.NoError(t, r.Close())
		b.release()
		_, err := r.Read(make([]byte, 1))
		require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	}
	reading.Wait()
}

// One huge record must not pin its memory for ever.
func TestHugeRoomIsNotKept(t *testing.T) {
	_, s := newIntake(t, func(string, http.ResponseWriter) int { return 202 })
	huge := strings.Repeat("x", maxRoom+1)
	f := payload.Format{
		Head:     func(dst []byte, _ string, _ int) []byte { return dst },
		MaxBytes: math.MaxInt, MaxRecords: 1, Codec: payload.None,
	}
	r := f.Build(func(to *payload.Builder) { to.End(append(to.Begin(), huge...), payload.Record{}) })
	for range maxFree { // each of those that are kept has its turn
		_ = s.Send(t.Context(), payload.NewCursor(r), func([]payload.Record) {})
	}
	for range maxFree {
		require.Less(t, newBody().Cap(), len(huge))
		require.Less(t, payloads.get().Release(), len(huge))
	}
}
