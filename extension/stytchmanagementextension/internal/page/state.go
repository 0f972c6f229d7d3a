package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// state is a stream's health and switch as a word in a shape. Kind is the shape: ok,
// warn, bad, off, idle.
type state struct{ Kind, Word string }

// The kinds, from what needs attention to what does not.
var kinds = []string{"bad", "warn", "ok", "idle", "off"}

func stateOf(s *managed.Stream, f managed.Snapshot) state {
	failing := f.Waiting > 0 && (f.Health == managed.Held || f.Health == managed.Retrying || f.Health == managed.Full)
	switch {
	case !s.Active && failing:
		return state{"warn", "Disabled, some held"}
	case !s.Active && f.Waiting > 0:
		return state{"off", "Disabled, delivering"}
	case !s.Active:
		return state{"off", "Disabled"}
	}
	switch f.Health {
	case managed.Held:
		return state{"bad", "Held" + cause(f.LastError)}
	case managed.Full:
		return state{"bad", "Queue full"}
	case managed.Retrying:
		return state{"warn", "Retrying"}
	case managed.Idle:
		return state{"idle", "Idle"}
	default:
		return state{"ok", "Streaming"}
	}
}

// cause names what the destination refuses.
func cause(why *managed.Failure) string {
	switch {
	case why == nil:
		return ""
	case refusesKey(why):
		return ": key refused"
	case why.Code == 404 || why.Code == 405 || (why.Code >= 300 && why.Code < 400):
		return ": wrong address"
	default:
		return ""
	}
}

// refusesKey tells whether the answer blames the credentials. Loki answers 260 where a
// gateway swallowed the request.
func refusesKey(why *managed.Failure) bool {
	return why != nil && (why.Code == 401 || why.Code == 403)
}

// trouble says what is wrong with a stream, what happens to its events meanwhile, and
// what to do.
type trouble struct {
	State  state
	What   string // "refuses the API key ending in …41cf."
	Events string // "1,284 events wait since 10:02 UTC; none is lost."
	Said   string // "Datadog answered 403", unless the destination's words say so
	Words  string // the destination's own
	Next   string // "Next attempt in 12 s."
	Action string // the button's label
}

// troubleOf returns what needs attention, or nil.
func troubleOf(s *managed.Stream, f managed.Snapshot, now time.Time) *trouble {
	st := stateOf(s, f)
	if st.Kind != "bad" && st.Kind != "warn" {
		return nil
	}
	t := &trouble{State: st, What: what(s, f), Events: waiting(f), Action: "See the stream"}
	if st.Kind == "bad" {
		t.State.Word = map[bool]string{true: "Queue full", false: "Held"}[f.Health == managed.Full]
	}
	if refusesKey(f.LastError) {
		t.Action = map[managed.Destination]string{managed.Datadog: "Change the key", managed.GrafanaLoki: "Change the password"}[s.Destination]
	}
	if e := f.LastError; e != nil {
		switch {
		case e.Code > 0 && strings.Contains(e.Text, strconv.Itoa(e.Code)): // "api.datadoghq.eu answered 403: …"
		case e.Code > 0:
			t.Said = fmt.Sprintf("%s answered %d", destinationName(s.Destination), e.Code)
		case f.Health == managed.Full: // it is the queue that refuses
		default:
			t.Said = "No answer"
		}
		t.Words = clip(e.Text, 300)
	}
	switch {
	case f.NextAttempt.IsZero():
	case !f.NextAttempt.After(now):
		t.Next = "Trying again now."
	default:
		t.Next = "Next attempt in " + span(f.NextAttempt.Sub(now)+time.Second) + "."
	}
	return t
}

func what(s *managed.Stream, f managed.Snapshot) string {
	switch {
	case refusesKey(f.LastError) && s.Destination == managed.Datadog:
		return "refuses the API key " + lastFour(s.Credentials.Datadog.APIKey) + "."
	case refusesKey(f.LastError):
		return "refuses the username and password."
	case f.Health == managed.Held && cause(f.LastError) != "":
		return "answers, but not as a place for events: the address may be wrong."
	case f.Health == managed.Held:
		return "refuses what is sent."
	case f.Health == managed.Full && f.Waiting == 0:
		return "is sent nothing: the queue takes no event. Senders are told to try again later."
	case f.Health == managed.Full:
		return "takes less than comes, and the queue is full. Senders are told to try again later."
	case f.LastError != nil && f.LastError.Code == 429:
		return "asks for a pause."
	case f.LastError != nil && f.LastError.Code > 0:
		return "cannot take events for now."
	default:
		return "cannot be reached."
	}
}

// waiting says what happens to the events meanwhile.
func waiting(f managed.Snapshot) string {
	if f.Waiting <= 0 {
		return "Nothing waits; none is lost."
	}
	verb := "wait"
	if f.Waiting == 1 {
		verb = "waits"
	}
	text := plural(f.Waiting, "event") + " " + verb
	if !f.Oldest.IsZero() {
		text += " since " + f.Oldest.UTC().Format("15:04 UTC")
		if time.Since(f.Oldest) > 24*time.Hour {
			text += f.Oldest.UTC().Format(" on 2 Jan")
		}
	}
	return text + "; none is lost."
}
