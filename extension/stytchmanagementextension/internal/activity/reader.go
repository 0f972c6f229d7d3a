package activity

import (
	"strings"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
)

// Filter says which events are wanted. An empty field wants all.
type Filter struct {
	Project     string // id
	Destination managed.Destination
	Action      string // a part of it, in any case
	Status      string // in any case: success, error, start, …; "other" is what is none of these three
	Text        string // a part of what is shown of the event, in any case
}

// Event is one event as it may be shown.
type Event struct {
	Number      uint64
	At          time.Time
	Destination managed.Destination
	Project     string
	Action      string
	Status      string
	Code        string // of HTTP, "" where the event has none
	Who         string // the person or member, masked
	Request     string // request id
	Error       string // error_type of an event that tells of one
	JSON        string // the event, masked unless the log is full; what is no JSON is not shown at all then
	Size        int    // of the event in bytes
}

// Reader looks at the events of a log from a number on. It belongs to one goroutine.
type Reader struct {
	log    *Log
	filter Filter
	next   uint64 // number of the next event to look at
}

// Bounds of one call of Read, so that a reader costs little however many events there
// are. What is beyond counts as missed.
const (
	maxReadSize = 1 << 20 // bytes of their bodies; the first may be longer
	maxSearched = 250     // events whose text is searched
)

// Read returns a reader of the events from a number on, and of all that are kept with 0.
func (l *Log) Read(f Filter, from uint64) *Reader {
	f.Action, f.Text = strings.ToLower(f.Action), strings.ToLower(f.Text)
	l.mu.Lock()
	defer l.mu.Unlock()
	return &Reader{log: l, filter: f, next: min(from, l.head)}
}

// Head is the number of events seen so far.
func (l *Log) Head() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// candidate is an event that passes all of the filter but its text.
type candidate struct {
	entry
	number                        uint64
	project, action, status, body string
}

// Read returns the latest events since the last call, at most so many, the oldest first,
// how many events there were that it did not look at or has no place for, and the number
// to go on from.
func (r *Reader) Read(most int) (events []Event, missed, next uint64) {
	found, missed := r.candidates(most)
	room := maxReadSize
	// From the latest back: what has no place is the oldest.
	for i := len(found) - 1; i >= 0; i-- {
		c := &found[i]
		if len(events) == most || (len(events) > 0 && len(c.body) > room) {
			missed += uint64(i + 1)
			break
		}
		e := r.log.show(c)
		if r.filter.Text != "" && !e.contains(r.filter.Text) {
			continue
		}
		room -= len(e.JSON)
		events = append(events, e)
	}
	for i, j := 0, len(events)-1; i < j; i, j = i+1, j-1 {
		events[i], events[j] = events[j], events[i]
	}
	return events, missed, r.next
}

// candidates copies the latest events that the filter wants, judged by all but their
// text. It takes the log's lock for a few events at a time: who observes must not wait.
func (r *Reader) candidates(most int) (found []candidate, missed uint64) {
	if r.filter.Text != "" {
		most = maxSearched
	}
	l := r.log
	l.mu.Lock()
	end := l.head
	l.mu.Unlock()
	size := 0
	at := end
	for at > r.next && len(found) < most && size < 4*maxReadSize {
		l.mu.Lock()
		if at <= l.tail {
			l.mu.Unlock()
			break
		}
		for stop := max(r.next, l.tail, at-min(at, batch)); at > stop && len(found) < most && size < 4*maxReadSize; at-- {
			if c, wanted := l.candidate(at-1, &r.filter); wanted {
				found = append(found, c)
				size += len(c.body)
			}
		}
		l.mu.Unlock()
	}
	missed = at - min(at, r.next)
	r.next = end
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found, missed
}

// candidate copies an event if the filter wants it. The mutex is held.
func (l *Log) candidate(number uint64, f *Filter) (candidate, bool) {
	c := candidate{entry: l.slots[number%uint64(len(l.slots))], number: number}
	text := l.bytes[c.begin : c.begin+c.length()]
	project, text := text[:c.entry.project], text[c.entry.project:]
	action, text := text[:c.entry.action], text[c.entry.action:]
	status, body := text[:c.entry.status], text[c.entry.status:]
	if f.Project != "" && f.Project != string(project) ||
		f.Destination != "" && f.Destination != c.destination ||
		f.Status != "" && !hasStatus(string(status), f.Status) ||
		f.Action != "" && !strings.Contains(strings.ToLower(string(action)), f.Action) {
		return c, false
	}
	c.project, c.action, c.status, c.body = string(project), string(action), string(status), string(body)
	return c, true
}

func hasStatus(status, wanted string) bool {
	if strings.EqualFold(wanted, "other") {
		return !strings.EqualFold(status, "success") && !strings.EqualFold(status, "error") && !strings.EqualFold(status, "start")
	}
	return strings.EqualFold(status, wanted)
}

// contains searches what is shown, and nothing else: by searching what is masked one
// could find it out.
func (e *Event) contains(text string) bool {
	for _, shown := range [...]string{e.JSON, e.Action, e.Status, e.Project, e.Request, e.Who} {
		if strings.Contains(strings.ToLower(shown), text) {
			return true
		}
	}
	return false
}
