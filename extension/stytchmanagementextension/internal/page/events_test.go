package page

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/extension/stytchmanagementextension/internal/activity"
	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// patience is far longer than anything takes on a busy machine.
const patience = 20 * time.Second

func observe(log *activity.Log, body string) {
	logs := plog.NewResourceLogs()
	logs.Resource().Attributes().PutStr(stytch.AttrProjectID, acme)
	record := logs.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr(body)
	var e stytch.Event
	if e.Scan(body, nil) == nil {
		record.SetEventName(e.Action)
		record.SetSeverityText(e.Status)
	}
	log.Observe(managed.Datadog, logs)
}

func event(action string) string {
	return `{"action":"` + action + `","status":"Success","user_name":"jane"}`
}

// withActivity serves a page that shows events, under a server with a write timeout.
func withActivity(t *testing.T, log *activity.Log) *site {
	t.Helper()
	p := New(Config{Control: newFake(), Activity: log})
	server := httptest.NewUnstartedServer(p)
	server.Config.WriteTimeout = 300 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(p.Shutdown)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	s := &site{Server: server, page: p, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	s.signIn(t)
	return s
}

// reader reads a stream of events.
type reader struct {
	answer *http.Response
	lines  *bufio.Scanner
	last   string // id
}

func (s *site) read(t *testing.T, query, lastID string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	r := s.request(t, http.MethodGet, "/activity/events?"+query, nil).WithContext(ctx)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := s.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 8<<20)
	return &reader{answer: answer, lines: lines}
}

// next returns the next batch, or false at the end of the stream.
func (r *reader) next(t *testing.T) (b batch, more bool) {
	t.Helper()
	for r.lines.Scan() {
		if id, found := strings.CutPrefix(r.lines.Text(), "id: "); found {
			r.last = id
		}
		if data, found := strings.CutPrefix(r.lines.Text(), "data: "); found {
			require.NoError(t, json.Unmarshal([]byte(data), &b))
			return b, true
		}
	}
	return b, false
}

// until reads until there are n events, seen or missed.
func (r *reader) until(t *testing.T, n uint64) (actions []string, missed uint64) {
	t.Helper()
	for uint64(len(actions))+missed < n {
		b, more := r.next(t)
		require.True(t, more, "the stream has ended with %d events and %d missed", len(actions), missed)
		for _, row := range b.Rows {
			actions = append(actions, row.Action)
		}
		missed += b.Missed
	}
	return actions, missed
}

func TestEventsAsTheyPass(t *testing.T) {
	log := activity.New(1000, false)
	observe(log, event("Before"))
	s := withActivity(t, log)
	require.Contains(t, s.get(t, "/activity").text, "Before")
	require.NotContains(t, s.get(t, "/activity").text, "jane")
	require.Contains(t, s.get(t, "/activity?action=other").text, "No event has passed yet that matches.")

	all, some := s.read(t, "", ""), s.read(t, "action=wanted", "")
	begin := time.Now()
	for i := range 20 { // for longer than the server's write timeout
		observe(log, event(fmt.Sprint("Event", i)))
		time.Sleep(40 * time.Millisecond)
	}
	observe(log, event("Wanted"))
	actions, missed := all.until(t, 21)
	require.Len(t, actions, 21)
	require.Zero(t, missed)
	require.Equal(t, "Event0", actions[0])
	require.Greater(t, time.Since(begin), s.Config.WriteTimeout)
	only, _ := some.until(t, 1)
	require.Equal(t, []string{"Wanted"}, only)

	// Who comes again goes on where it was.
	observe(log, event("Meanwhile"))
	again, _ := s.read(t, "", all.last).until(t, 1)
	require.Equal(t, []string{"Meanwhile"}, again)
	again, _ = s.read(t, "from="+all.last, "").until(t, 1)
	require.Equal(t, []string{"Meanwhile"}, again)
}

// A reader that does not keep up is told how many it has missed. Who observes does not
// notice.
func TestASlowReader(t *testing.T) {
	log := activity.New(100, true)
	s := withActivity(t, log)
	slow := s.read(t, "", "0")
	large := `{"action":"Large","status":"Success","text":"` + strings.Repeat("x", 200_000) + `"}`
	const events = 2000
	longest := time.Duration(0)
	for range events { // 400 MB: more than any buffer between us
		begin := time.Now()
		observe(log, large)
		longest = max(longest, time.Since(begin))
	}
	require.Less(t, longest, 5*time.Second)
	actions, missed := slow.until(t, events)
	require.EqualValues(t, events, uint64(len(actions))+missed)
	require.Greater(t, missed, uint64(events/2))
}

func TestReadersAreBounded(t *testing.T) {
	s := withActivity(t, activity.New(10, true))
	for range maxReaders {
		s.read(t, "", "")
	}
	answer := s.get(t, "/activity/events")
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "10", answer.Header.Get("Retry-After"))
}

// Streams of events end with the session and with the collector.
func TestStreamsOfEventsEnd(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *site){
		"sign out": func(t *testing.T, s *site) { s.post(t, "/sign-out") },
		"shutdown": func(_ *testing.T, s *site) { s.page.Shutdown() },
	} {
		t.Run(name, func(t *testing.T) {
			log := activity.New(10, true)
			s := withActivity(t, log)
			reader := s.read(t, "", "")
			observe(log, event("First"))
			reader.until(t, 1)
			end(t, s)
			for {
				if _, more := reader.next(t); !more {
					break
				}
			}
			require.NotErrorIs(t, reader.lines.Err(), context.DeadlineExceeded)
		})
	}
}

func TestActivityIsOff(t *testing.T) {
	s := signedIn(t, newFake())
	require.Contains(t, s.get(t, "/activity").text, "Activity is off")
	require.Equal(t, http.StatusNotFound, s.get(t, "/activity/events").StatusCode)
}

// What an event holds is shown as text, in the page and in the stream of events.
func TestHostileEvents(t *testing.T) {
	log := activity.New(10, true)
	s := withActivity(t, log)
	reader := s.read(t, "", "")
	markup := `</script><script>alert(1)</script>` + "\u2028" + `\n\ndata: x`
	observe(log, `{"action":"`+markup+`","status":"`+markup+`","request_id":"`+markup+`","email_address":"`+markup+`"}`)
	observe(log, `<script>alert(2)</script>`)
	actions, _ := reader.until(t, 2)
	require.Contains(t, actions[0], "</script><script>alert(1)</script>")
	text := s.get(t, "/activity").text
	require.NotContains(t, text, "<script>alert")
	require.Contains(t, text, "&lt;script&gt;alert(2)")
}
