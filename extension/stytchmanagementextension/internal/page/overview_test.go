package page

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// States are said in words, and those that need somebody come first.
func TestStates(t *testing.T) {
	failure := managed.Failure{Code: 403, Text: "Forbidden"}
	soon := time.Now().Add(20 * time.Second)
	for name, tc := range map[string]struct {
		active  bool
		fill    func(*managed.Figures)
		state   state
		trouble []string
	}{
		"nothing came":         {true, nil, state{"idle", "Idle"}, nil},
		"works":                {true, func(f *managed.Figures) { f.Received(1); f.Delivered(1) }, state{"ok", "Streaming"}, nil},
		"disabled":             {false, nil, state{"off", "Disabled"}, nil},
		"disabled, delivering": {false, func(f *managed.Figures) { f.Received(2) }, state{"off", "Disabled, delivering"}, nil},
		"disabled, held": {
			false, func(f *managed.Figures) { f.Received(2); f.Fails(managed.Held, failure, soon) },
			state{"warn", "Disabled, some held"},
			[]string{"refuses the API key …9a02.", "2 events wait; none is lost."},
		},
		"key refused": {
			true, func(f *managed.Figures) { f.Received(1284); f.Fails(managed.Held, failure, soon) },
			state{"bad", "Held: key refused"},
			[]string{"refuses the API key …9a02.", "1,284 events wait; none is lost.", "Datadog answered 403", "Forbidden", "Next attempt in 20 s.", "Change the key"},
		},
		"wrong address": {
			true, func(f *managed.Figures) { f.Received(1); f.Fails(managed.Held, managed.Failure{Code: 404}, time.Now()) },
			state{"bad", "Held: wrong address"},
			[]string{"the address may be wrong", "1 event waits; none is lost.", "Trying again now."},
		},
		"events refused": {
			true, func(f *managed.Figures) { f.Received(1); f.Fails(managed.Held, managed.Failure{Code: 400}, soon) },
			state{"bad", "Held"},
			[]string{"refuses what is sent."},
		},
		"in words with the code": {
			true, func(f *managed.Figures) {
				f.Received(1)
				f.Fails(managed.Held, managed.Failure{Code: 403, Text: "dd.example answered 403: no"}, soon)
			},
			state{"bad", "Held: key refused"},
			[]string{"none is lost.\n\ndd.example answered 403: no\nNext"},
		},
		"unreachable": {
			true, func(f *managed.Figures) {
				f.Received(1)
				f.Fails(managed.Retrying, managed.Failure{Text: "192.0.2.7: connection refused"}, soon)
			},
			state{"warn", "Retrying"},
			[]string{"cannot be reached.", "No answer", "No answer\n192.0.2.7: connection refused"},
		},
		"overloaded": {
			true, func(f *managed.Figures) { f.Received(1); f.Fails(managed.Retrying, managed.Failure{Code: 429}, soon) },
			state{"warn", "Retrying"},
			[]string{"asks for a pause."},
		},
		"broken": {
			true, func(f *managed.Figures) { f.Received(1); f.Fails(managed.Retrying, managed.Failure{Code: 503}, soon) },
			state{"warn", "Retrying"},
			[]string{"cannot take events for now."},
		},
		"full": {
			true, func(f *managed.Figures) {
				f.Received(1)
				f.Fails(managed.Full, managed.Failure{Code: 503}, time.Time{})
			},
			state{"bad", "Queue full"},
			[]string{"the queue is full. Senders are told to try again later."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := stream(acme, datadog("US", oneKey), tc.active, tc.fill)
			f := s.Figures.Snapshot()
			require.Equal(t, tc.state, stateOf(s, f))
			got := troubleOf(s, f, time.Now())
			require.Equal(t, tc.trouble != nil, got != nil)
			if got != nil {
				said := strings.Join([]string{got.What, got.Events, got.Said, got.Words, got.Next, got.Action}, "\n")
				for _, words := range tc.trouble {
					require.Contains(t, said, words)
				}
			}

			// The page says the same.
			text := signedIn(t, newFake(s)).get(t, "/").text
			require.Contains(t, text, tc.state.Word+"</span>")
			require.Equal(t, tc.trouble == nil, strings.Contains(text, `aria-labelledby="attention-title" hidden`))
		})
	}
}

// The counts of all streams add up, as each stream's do.
func TestCountsAddUp(t *testing.T) {
	control := newFake(
		stream(acme, datadog("US", oneKey), true, func(f *managed.Figures) { f.Received(1000); f.Delivered(900); f.Dropped("too_old", 6) }),
		stream(acme, loki("loki.example.com"), false, func(f *managed.Figures) { f.Received(90); f.Dropped("disabled", 90) }),
	)
	text := signedIn(t, control).get(t, "/").text
	figures := regexp.MustCompile(`(?s)(Received|Delivered|Waiting|Dropped)</dt><dd>([0-9,]+)`).FindAllStringSubmatch(text, -1)
	got := map[string]string{}
	for _, f := range figures {
		got[f[1]] = f[2]
	}
	require.Equal(t, map[string]string{"Received": "1,090", "Delivered": "900", "Waiting": "94", "Dropped": "96"}, got)
	require.Contains(t, text, "90 disabled, 6 too old")
	require.Contains(t, text, "Counts since ")
	require.Contains(t, text, "2 streams of 1 project.")
}

func TestEmpty(t *testing.T) {
	s := signedIn(t, newFake())
	text := s.get(t, "/").text
	require.Contains(t, text, "curl -i http://127.0.0.1:8321/v1/events")
	require.Contains(t, text, "Loki HTTP API hostname")
}

// A project is listed when no stream takes its events at all.
func TestProjectsWithoutAStream(t *testing.T) {
	control := newFake(stream(acme, datadog("US", oneKey), true, nil))
	control.environments = []Environment{{acme, "acme", "production"}, {beta, "beta", "test"}}
	control.without = []Unconfigured{
		{acme, managed.GrafanaLoki, 100, time.Now()}, // streams to Datadog alone: its choice
		{acmeEU, managed.Datadog, 418, time.Now()},
		{acmeEU, managed.GrafanaLoki, 417, time.Now()},
	}
	s := signedIn(t, control)
	_, text, _ := strings.Cut(s.get(t, "/").text, "Projects without a stream")
	require.Equal(t, 2, strings.Count(text, "Create stream</a>"))
	require.Contains(t, text, "sends events that no stream takes: 418 dropped")
	require.Contains(t, text, "<strong title=\""+beta+"\">beta · test</strong> has sent nothing since the start.")
	require.Contains(t, s.get(t, "/streams/new?project="+acmeEU).text, `value="`+acmeEU+`"`)
}

func thousand() *fake {
	var streams []*managed.Stream
	var environments []Environment
	for i := range 500 {
		id := fmt.Sprintf("project-live-%08x-7777-4a4a-8b8b-%012x", i*7919, i)
		environments = append(environments, Environment{id, fmt.Sprintf("customer-%03d", i), "production"})
		fill := func(f *managed.Figures) {
			f.Received(1_000_000 + i)
			f.Delivered(1_000_000)
			if i%10 == 3 {
				f.Fails(managed.Held, managed.Failure{Code: 403, Text: strings.Repeat("long ", 100)}, time.Now())
			}
		}
		streams = append(streams, stream(id, datadog("US", oneKey), i%7 != 0, fill), stream(id, loki("logs-prod-021.grafana.net"), true, fill))
	}
	f := newFake(streams...)
	f.environments = environments
	return f
}

// With a thousand streams and an hour of samples, a page is small and quick.
func TestAThousandStreams(t *testing.T) {
	control := thousand()
	s := signedIn(t, control)
	now := time.Now()
	for i := range kept {
		for stream := range control.table.All() {
			stream.Figures.Received(100 + i*37%100)
			stream.Figures.Delivered(100 + i*37%100)
		}
		s.page.samples.take(control.table, now.Add(time.Duration(i-kept)*time.Minute))
	}
	s.get(t, "/")
	quickest := time.Hour
	for range 5 { // on a machine that does other things too
		begin := time.Now()
		answer := s.get(t, "/?sort=-waiting")
		quickest = min(quickest, time.Since(begin))
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Less(t, len(answer.text), 100_000)
		require.Equal(t, 50, strings.Count(answer.text, `<tr><td>`))
		require.Contains(t, answer.text, "Page 1 of 20, 1,000 streams")
		require.Contains(t, answer.text, "95 more")
	}
	t.Logf("%s at best, %d bytes", quickest, len(s.get(t, "/").text))
	require.Less(t, quickest, 100*time.Millisecond)
}

func TestSortAndFilter(t *testing.T) {
	s := signedIn(t, thousand())
	names := func(at string) []string {
		var list []string
		for _, m := range regexp.MustCompile(`class="name" href="[^"]+" title="[^"]+">([^<]+)<`).FindAllStringSubmatch(s.get(t, at).text, -1) {
			list = append(list, m[1])
		}
		return list
	}
	require.Equal(t, []string{"customer-000", "customer-000", "customer-001"}, names("/")[:3])
	require.Equal(t, "customer-499", names("/?sort=-project")[0])
	require.Equal(t, "customer-475", names("/?page=20")[0])
	require.Equal(t, names("/?page=20"), names("/?page=99"), "the last page")
	require.Equal(t, []string{"customer-123", "customer-123"}, names("/?q=CUSTOMER-123"))
	require.Len(t, names("/?q=customer-12"), 20)
	require.Equal(t, "customer-003", names("/?state=attention")[0])
	require.Equal(t, []string{"customer-499", "customer-499", "customer-498"}, names("/?sort=-waiting")[:3])
	require.Equal(t, names("/"), names("/?sort=unknown&state=unknown&page=-1"))
	require.Contains(t, s.get(t, "/?q=nothing-is-called-so").text, "No stream matches.")
	require.Contains(t, s.get(t, "/?q=customer-12&sort=-waiting").text, `aria-sort="descending"`)
}

func TestChart(t *testing.T) {
	begin := time.Now().Add(-time.Hour)
	all := newSamples()
	s := stream(acme, datadog("US", oneKey), true, nil)
	table := managed.NewTable(s)
	for i := range 90 { // more than an hour
		s.Figures.Received(120)
		if i < 60 {
			s.Figures.Delivered(120)
		} else {
			s.Figures.Fails(managed.Held, managed.Failure{Code: 403}, time.Time{})
		}
		all.take(table, begin.Add(time.Duration(i)*time.Minute))
	}
	now := begin.Add(90 * time.Minute)
	minutes := all.hour(s.Figures, s.Figures.Snapshot(), now)
	require.Len(t, minutes, 60)
	require.InDelta(t, 2, minutes[10].delivered, 0.01)
	require.Zero(t, minutes[59].delivered)
	drawn := charts(minutes, now)
	require.Equal(t, "Delivered in the last hour: 2.0 a second at most, 0 a second in the last minute", drawn[0].Label)
	require.Equal(t, "2", drawn[0].Max)
	require.Equal(t, "Waiting in the last hour: 3,600 events at most, 3,600 now", drawn[1].Label)
	require.Contains(t, drawn[2].Label, "in 31 of the last 60 minutes")
	require.NotContains(t, drawn[0].Path+drawn[1].Path+drawn[2].Path, "NaN")

	all.take(managed.NewTable(), now)
	require.Empty(t, all.of, "a stream that is gone takes no memory")
	require.Equal(t, "M0 25H92", spark(nil, now))
}
