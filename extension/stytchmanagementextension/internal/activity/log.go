package activity

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-stytch/otelcol-stytch/internal/managed"
	"github.com/otelcol-stytch/otelcol-stytch/internal/stytch"
)

// Bounds of memory, in bytes. An event with a longer body is shown without it.
const (
	maxBytes = 8 << 20
	maxBody  = 2 << 20
	// maxName bounds each of an event's project, action and status.
	maxName = 256
)

// Log holds the latest events. It is a managed.Observer. All methods are safe for
// concurrent use.
type Log struct {
	full bool
	now  func() time.Time

	mu    sync.Mutex
	head  uint64  // events seen so far; the number of the next one
	slots []entry // event n is in slot n % len(slots)
	tail  uint64  // number of the oldest event that is whole
	bytes []byte  // texts of the events, one behind the other, from the start again at the end
	used  int     // where the next text begins
}

// entry is one event. Its texts lie in Log.bytes, in this order.
type entry struct {
	at                            time.Time // it arrived
	destination                   managed.Destination
	begin                         int
	project, action, status, body int // lengths
	size                          int // of the body, which is left out where it is longer than maxBody
}

func (e *entry) length() int { return e.project + e.action + e.status + e.body }

// New returns a log of the latest events. Full shows what they hold unmasked.
func New(events int, full bool) *Log {
	return &Log{full: full, now: time.Now, slots: make([]entry, events), bytes: make([]byte, maxBytes)}
}

// Full tells whether events are shown unmasked.
func (l *Log) Full() bool { return l.full }

// Len is how many events are kept at most.
func (l *Log) Len() int { return len(l.slots) }

// Observe is managed.Observer's. It copies: what it is given shares the memory of a
// whole request.
func (l *Log) Observe(d managed.Destination, of plog.ResourceLogs) {
	project, now := stytch.ProjectOf(of), l.now()
	scopes := of.ScopeLogs()
	for i := range scopes.Len() {
		records := scopes.At(i).LogRecords()
		// A request can hold more events than are kept: only the last ones count. The
		// lock is taken for some at a time, so that nobody waits long.
		skip := max(0, records.Len()-len(l.slots))
		l.skip(skip)
		for j := skip; j < records.Len(); j += batch {
			l.add(d, project, now, records, j, min(j+batch, records.Len()))
		}
	}
}

// batch is how many events are copied under one lock.
const batch = 64

func (l *Log) skip(events int) {
	if events > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.head += uint64(events)
		l.tail = l.head
	}
}

func (l *Log) add(d managed.Destination, project string, now time.Time, records plog.LogRecordSlice, from, to int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := from; i < to; i++ {
		record := records.At(i)
		body := ""
		if record.Body().Type() == pcommon.ValueTypeStr {
			body = record.Body().Str()
		}
		l.put(d, now, project, record.EventName(), record.SeverityText(), body)
	}
}

// put copies one event over the oldest ones. The mutex is held.
func (l *Log) put(d managed.Destination, now time.Time, project, action, status, body string) {
	project, action, status = project[:min(len(project), maxName)], action[:min(len(action), maxName)], status[:min(len(status), maxName)]
	e := entry{at: now, destination: d, project: len(project), action: len(action), status: len(status), body: len(body), size: len(body)}
	if len(body) > maxBody {
		body, e.body = "", 0
	}
	if l.head-l.tail >= uint64(len(l.slots)) {
		l.tail++
	}
	if l.used+e.length() > len(l.bytes) {
		// The rest is too short. Nothing that lies there may be left behind: texts stay
		// in the order of their events.
		l.drop(l.used, len(l.bytes))
		l.used = 0
	}
	e.begin = l.used
	end := l.used + e.length()
	l.drop(e.begin, end)
	at := l.used
	for _, text := range [...]string{project, action, status, body} {
		at += copy(l.bytes[at:], text)
	}
	l.used = end
	l.slots[l.head%uint64(len(l.slots))] = e
	l.head++
}

// drop forgets the oldest events, as long as their text lies between begin and end.
func (l *Log) drop(begin, end int) {
	for ; l.tail < l.head; l.tail++ {
		oldest := &l.slots[l.tail%uint64(len(l.slots))]
		if oldest.begin >= end || oldest.begin+max(oldest.length(), 1) <= begin {
			return
		}
	}
}
