package load

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/standin"
)

// Every request is one that Loki takes, and every event is valid and has the id of its number.
func TestBuildMakesRequestsThatLokiTakes(t *testing.T) {
	pool := Build(Shape{Requests: 7, Batch: 3, Projects: 2, Username: "u", Password: "p"})
	sequence := 0
	projects := map[any]int{}
	for _, raw := range pool.requests {
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		require.NoError(t, err)
		username, password, _ := request.BasicAuth()
		require.Equal(t, "u:p", username+":"+password)
		plain, err := gzip.NewReader(request.Body)
		require.NoError(t, err)
		body, err := io.ReadAll(plain)
		require.NoError(t, err)
		streams, err := standin.DecodeLokiJSON(body)
		require.NoError(t, err)
		for _, entry := range streams[0].Entries {
			var event map[string]any
			require.NoError(t, json.Unmarshal([]byte(entry.Line), &event))
			require.Equal(t, string(number([]byte(Mark), sequence)), event["event_id"].(string)[:len(Mark)+SequenceDigits])
			require.InDelta(t, 855, len(entry.Line), 20)
			projects[event["project_id"]]++
			sequence++
		}
	}
	require.Equal(t, pool.Events(), sequence)
	require.Len(t, projects, 2)
}

// Requests are of one project each where they are to be apart, and every project has its turn.
func TestProjectsApart(t *testing.T) {
	w := newBuilder(Shape{Batch: 3, Projects: 2, Apart: true}, 1).writer
	for sequence, want := range []int{0, 0, 0, 1, 1, 1, 0} {
		require.Contains(t, string(w.append(nil, sequence, time.Now())), `"project_id":"`+Project(want)+`"`)
	}
}

func TestTakeHandsOutEachRequestOnce(t *testing.T) {
	pool := Build(Shape{Requests: 5, Batch: 10})
	require.Equal(t, Range{pool, 0, 2}, pool.Take(11))
	require.Equal(t, Range{pool, 2, 5}, pool.Take(1000))
	require.Zero(t, pool.Take(1).Events())
	pool.Reset()
	require.Equal(t, 50, pool.Take(1000).Events())
}

func TestSaturateSendsAgainWhatIsRefusedForNow(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1)%3 == 0 {
			http.Error(w, "full", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	pool := Build(Shape{Requests: 20, Batch: 1})
	result, err := Saturate(t.Context(), server.Listener.Addr().String(), pool.Take(20), 2, time.Minute)
	require.NoError(t, err)
	require.Equal(t, 20, result.Events())
	require.Equal(t, int(requests.Load()), 20+result.Refused)
	require.NotContains(t, result.Sent, int64(0))
}

func TestARefusalForGoodEndsTheRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such user", http.StatusUnauthorized)
	}))
	defer server.Close()
	pool := Build(Shape{Requests: 20, Batch: 1})
	_, err := Saturate(t.Context(), server.Listener.Addr().String(), pool.Take(20), 2, time.Minute)
	require.ErrorContains(t, err, "the receiver answered "+strconv.Itoa(http.StatusUnauthorized)+" no such user")
}

func TestPaceKeepsTheRate(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	pool := Build(Shape{Requests: 10, Batch: 10})
	result, err := Pace(t.Context(), server.Listener.Addr().String(), pool.Take(100), 2, 500, time.Minute)
	require.NoError(t, err)
	for i, at := range result.Sent {
		require.Equal(t, int64(i)*int64(20*time.Millisecond), at-result.Sent[0])
	}
}
