package activity

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

const project = "project-live-11111111-1111-4111-8111-111111111111"

// resource holds events of one project, each a JSON object, with what the receiver sets.
func resource(project string, bodies ...string) plog.ResourceLogs {
	logs := plog.NewResourceLogs()
	logs.Resource().Attributes().PutStr(stytch.AttrProjectID, project)
	records := logs.ScopeLogs().AppendEmpty().LogRecords()
	for _, body := range bodies {
		record := records.AppendEmpty()
		record.Body().SetStr(body)
		var e stytch.Event
		if e.Scan(body, nil) == nil {
			record.SetEventName(e.Action)
			record.SetSeverityText(e.Status)
		}
	}
	return logs
}

func event(action, status, rest string) string {
	return fmt.Sprintf(`{"action":"%s","status":"%s"%s}`, action, status, rest)
}

func actions(events []Event) []string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.Action
	}
	return list
}

func TestTheLatestEventsAreKept(t *testing.T) {
	log := New(3, true)
	for i := range 5 {
		log.Observe(managed.Datadog, resource(project, event(fmt.Sprint("Action", i), "Success", "")))
	}
	events, missed, next := log.Read(Filter{}, 0).Read(50)
	require.Equal(t, []string{"Action2", "Action3", "Action4"}, actions(events))
	require.EqualValues(t, 2, missed)
	require.EqualValues(t, 5, next)
	require.Equal(t, event("Action4", "Success", ""), events[2].JSON)
	require.Equal(t, project, events[2].Project)
	require.Equal(t, managed.Datadog, events[2].Destination)
	require.Equal(t, "Success", events[2].Status)
	require.WithinDuration(t, time.Now(), events[2].At, time.Minute)
}

// A reader goes on where it was, and one that is slower than the events is told how many
// it has missed. What it has seen and what it has missed add up.
func TestReaders(t *testing.T) {
	log := New(100, true)
	quick, slow := log.Read(Filter{}, 0), log.Read(Filter{}, 0)
	var seen, seenSlow, missed uint64
	for i := range 40 {
		log.Observe(managed.Datadog, resource(project, event("A", "Success", ""), event("B", "Error", "")))
		events, lost, _ := quick.Read(50)
		require.Len(t, events, 2)
		require.Zero(t, lost)
		seen += 2
		if i%20 == 19 {
			events, lost, next := slow.Read(50)
			require.Len(t, events, 40)
			require.EqualValues(t, 2*(i+1), next)
			seenSlow += uint64(len(events))
			missed += lost
		}
	}
	require.EqualValues(t, 80, seen)
	require.EqualValues(t, 80, seenSlow+missed)

	for range 300 {
		log.Observe(managed.Datadog, resource(project, event("C", "Success", "")))
	}
	events, lost, next := slow.Read(50)
	require.Len(t, events, 50)
	require.EqualValues(t, 250, lost)
	require.EqualValues(t, 380, next)
	again, lost, _ := log.Read(Filter{}, next-10).Read(50)
	require.Len(t, again, 10)
	require.Zero(t, lost)
	none, lost, _ := log.Read(Filter{}, next+1000).Read(50) // the number of another process
	require.Empty(t, none)
	require.Zero(t, lost)
}

// Whatever the events' sizes, memory stays as set aside and each event that is kept is
// whole.
func TestMemoryIsBounded(t *testing.T) {
	log := New(1000, true)
	random := rand.New(rand.NewPCG(1, 2))
	all := map[uint64]string{}
	for n := range uint64(3000) {
		size := random.IntN(40_000)
		switch random.IntN(50) {
		case 0:
			size = maxBody - 1000
		case 1:
			size = maxBody + 1
		case 2:
			size = 0
		}
		all[n] = event("A", "Success", fmt.Sprintf(`,"n":%d,"text":"%s"`, n, strings.Repeat(string(rune('a'+n%26)), size)))
		log.Observe(managed.Datadog, resource(project, all[n]))
		if n%100 == 0 {
			for number := log.tail; number < log.head; number++ {
				c, _ := log.candidate(number, &Filter{})
				if len(all[number]) > maxBody {
					require.Empty(t, c.body)
					continue
				}
				if c.body != all[number] { // too long to print
					t.Fatalf("event %d of %d is not whole", number, n)
				}
			}
		}
	}
	require.Len(t, log.bytes, maxBytes)
	require.Less(t, log.head-log.tail, uint64(1000), "bytes are the bound here")
	require.Greater(t, log.head-log.tail, uint64(50))
}

func TestALargeRequest(t *testing.T) {
	log := New(10, true)
	bodies := make([]string, 1000)
	for i := range bodies {
		bodies[i] = event(fmt.Sprint("Action", i), "Success", "")
	}
	log.Observe(managed.Datadog, resource(project, bodies...))
	events, missed, _ := log.Read(Filter{}, 0).Read(50)
	require.Len(t, events, 10)
	require.EqualValues(t, 990, missed)
	require.Equal(t, "Action999", events[9].Action)
}

func TestFilters(t *testing.T) {
	log := New(100, false)
	log.Observe(managed.Datadog, resource(project,
		event("SessionsAuthenticate", "Success", `,"http_status_code":200,"request_id":"request-id-live-1234567890"`),
		event("PasswordsAuthenticate", "Error", `,"email_address":"jane@corp.example.com"`),
		event("EmailDelivery", "delivered", ``)))
	log.Observe(managed.GrafanaLoki, resource("project-test-other", event("SessionsRevoke", "success", ``)))
	for name, tc := range map[string]struct {
		filter Filter
		want   []string
	}{
		"all":                  {Filter{}, []string{"SessionsAuthenticate", "PasswordsAuthenticate", "EmailDelivery", "SessionsRevoke"}},
		"project":              {Filter{Project: "project-test-other"}, []string{"SessionsRevoke"}},
		"destination":          {Filter{Destination: managed.Datadog}, []string{"SessionsAuthenticate", "PasswordsAuthenticate", "EmailDelivery"}},
		"action":               {Filter{Action: "sESSIONS"}, []string{"SessionsAuthenticate", "SessionsRevoke"}},
		"status":               {Filter{Status: "Success"}, []string{"SessionsAuthenticate", "SessionsRevoke"}},
		"other":                {Filter{Status: "Other"}, []string{"EmailDelivery"}},
		"text":                 {Filter{Text: "LIVE-12345"}, []string{"SessionsAuthenticate"}},
		"text that is masked":  {Filter{Text: "jane"}, []string{}},
		"text that is shown":   {Filter{Text: "@••••.com"}, []string{"PasswordsAuthenticate"}},
		"several":              {Filter{Action: "sessions", Project: project, Status: "success", Text: "200"}, []string{"SessionsAuthenticate"}},
		"nothing that matches": {Filter{Project: "project-live-none"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			events, missed, _ := log.Read(tc.filter, 0).Read(50)
			require.Equal(t, tc.want, actions(events))
			require.Zero(t, missed, "what a filter leaves out is not missed")
		})
	}
}

// Who observes never waits for readers, and readers never see half an event.
func TestConcurrent(t *testing.T) {
	log := New(200, true)
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		letter := string(rune('a' + i))
		logs := resource(project, event(strings.Repeat(letter, 20), "Success", `,"text":"`+strings.Repeat(letter, 50_000)+`"`))
		writers.Go(func() {
			for range 300 {
				log.Observe(managed.Datadog, logs)
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			reader := log.Read(Filter{}, 0)
			for {
				events, _, _ := reader.Read(50)
				for _, e := range events {
					if strings.Count(e.JSON, e.Action[:1]) < 50_000 {
						t.Errorf("the text of %s is another's", e.Action)
					}
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	require.EqualValues(t, 1200, log.Head())
}

// The memory of a request is not kept: a log that held its strings would keep all of it.
func TestObserveDoesNotAllocate(t *testing.T) {
	log := New(1000, false)
	logs := resource(project, event("SessionsAuthenticate", "Success", `,"text":"`+strings.Repeat("x", 800)+`"`))
	require.Zero(t, testing.AllocsPerRun(2000, func() { log.Observe(managed.Datadog, logs) }))
}

func BenchmarkObserve(b *testing.B) {
	log := New(1000, false)
	bodies := make([]string, 100)
	for i := range bodies {
		bodies[i] = event("SessionsAuthenticate", "Success", `,"text":"`+strings.Repeat("x", 800)+`"`)
	}
	logs := resource(project, bodies...)
	b.ReportAllocs()
	for b.Loop() {
		log.Observe(managed.Datadog, logs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/event")
}
