package harness

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// Ledger remembers what was sent, what was acknowledged and what arrived at each destination, by
// event id. It takes a few bytes an event, so that a long run fits: an event's text follows from its
// number and is written again to be compared.
type Ledger struct {
	// Padding is how many bytes of text that hardly compresses each event carries besides.
	Padding int
	// Only, unless 0, is the one event that carries it.
	Only int

	base    time.Time // when event 0 happened; each further one a microsecond after
	mu      sync.Mutex
	events  []record
	arrived map[Destination][]uint8 // how often the nth event has; it may be shorter than events
	changed []string                // of what arrived, what nobody sent
}

// record is what is known of one event.
type record struct {
	attempts     uint8 // requests that held it
	acknowledged bool
}

// NewLedger returns an empty ledger, which takes note of what arrives at the destinations.
func NewLedger(destinations ...Destination) *Ledger {
	l := &Ledger{base: time.Now().Add(-time.Minute).Truncate(time.Microsecond), arrived: map[Destination][]uint8{}}
	for _, at := range destinations {
		l.arrived[at] = nil
		at.TellEvents(func(event string) { l.Arrived(at, event) })
	}
	return l
}

// Event returns the nth event, counted from 0. It is the same whenever it is asked for.
func (l *Ledger) Event(n int) testdata.Event {
	at := l.base.Add(time.Duration(n) * time.Microsecond)
	padding := ""
	if l.Padding > 0 && (l.Only == 0 || l.Only == n) {
		source := rand.New(rand.NewPCG(uint64(n), 0))
		var b strings.Builder
		for b.Len() < l.Padding {
			b.WriteString(strconv.FormatUint(source.Uint64(), 36))
		}
		padding = fmt.Sprintf(`,"padding":"%s"`, b.String()[:l.Padding])
	}
	return testdata.Event{
		Name: strconv.Itoa(n),
		Time: at,
		JSON: fmt.Sprintf(`{"event_id":"%s%012x","project_id":"project-live-00000000-0000-4000-8000-000000000001",`+
			`"action":"AuthenticatePassword","status":"Success","http_status_code":200,`+
			`"request_id":"request-id-live-00000000-0000-4000-8000-%012x","organization_id":"organization-live-00000000-0000-4000-8000-%012x",`+
			`"member_id":"member-live-00000000-0000-4000-8000-%012x","_timestamp":%d%s}`,
			idPrefix, n, n, n%97, n%1009, at.UnixMicro(), padding),
	}
}

const idPrefix = "event-live-00000000-0000-4000-8000-"

// Number returns which event a text is, told by the event id in it.
func Number(text string) (n int, ok bool) {
	_, rest, ok := strings.Cut(text, idPrefix)
	if !ok || len(rest) < 12 {
		return 0, false
	}
	parsed, err := strconv.ParseInt(rest[:12], 16, 64)
	return int(parsed), err == nil
}

// next reserves n further events and returns the first.
func (l *Ledger) next(n int) (first int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = len(l.events)
	l.events = append(l.events, make([]record, n)...)
	return first
}

// attempted takes note that a request with n events, from first on, is on its way.
func (l *Ledger) attempted(first, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.events[first : first+n] {
		up(&l.events[first+i].attempts)
	}
}

// acknowledged takes note that a request was answered 2xx.
func (l *Ledger) acknowledged(first, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.events[first : first+n] {
		l.events[first+i].acknowledged = true
	}
}

// Arrived takes note of an event at a destination. text is what the destination got: the event byte
// for byte, or around it what an exporter adds.
func (l *Ledger) Arrived(at Destination, text string) {
	n, ok := Number(text)
	if ok { // its members as they were; Datadog's has ours beside them
		ok = strings.Contains(text, strings.Trim(l.Event(n).JSON, "{}"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ok || n >= len(l.events) {
		l.changed = append(l.changed, fmt.Sprintf("%s: %s", at, text))
		return
	}
	if short := n + 1 - len(l.arrived[at]); short > 0 {
		l.arrived[at] = append(l.arrived[at], make([]uint8, short)...)
	}
	up(&l.arrived[at][n])
}

// times is how often the nth event has arrived. The caller holds mu.
func (l *Ledger) times(at Destination, n int) int {
	if arrived := l.arrived[at]; n < len(arrived) {
		return int(arrived[n])
	}
	return 0
}

// up counts as far as a byte goes.
func up(counter *uint8) {
	if *counter < 255 {
		*counter++
	}
}
