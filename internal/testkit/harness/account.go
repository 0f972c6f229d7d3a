package harness

import "fmt"

// Account is what became of the events at one destination.
type Account struct {
	Sent         int // events that were in a request at least once
	Acknowledged int
	Arrived      int   // distinct events
	Lost         []int // numbers of events that were acknowledged and have not arrived
	// Repeats are arrivals beyond an event's first: those of events that the sender sent more than
	// once, since it got no acknowledgement, and the others, which the collector sent again.
	SenderRepeats    int
	CollectorRepeats int
	Changed          []string // texts that are no event's
}

// String tells it in a line for a test's log.
func (a Account) String() string {
	return fmt.Sprintf("sent %d, acknowledged %d, arrived %d, lost %d; repeats: %d after the sender's retry, %d of the collector's own",
		a.Sent, a.Acknowledged, a.Arrived, len(a.Lost), a.SenderRepeats, a.CollectorRepeats)
}

// Account adds up what became of the events at a destination so far.
func (l *Ledger) Account(at Destination) Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	account := Account{Changed: append([]string{}, l.changed...)}
	for n, event := range l.events {
		if event.attempts > 0 {
			account.Sent++
		}
		if event.acknowledged {
			account.Acknowledged++
		}
		times := l.times(at, n)
		switch {
		case times > 0 && event.attempts > 1:
			account.Arrived++
			account.SenderRepeats += times - 1
		case times > 0:
			account.Arrived++
			account.CollectorRepeats += times - 1
		case event.acknowledged:
			account.Lost = append(account.Lost, n)
		}
	}
	return account
}

// Missing counts the acknowledged events that have not arrived at a destination so far.
func (l *Ledger) Missing(at Destination) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.missing(at)
}

// MissingAnywhere adds up what is missing at each destination that the ledger knows.
func (l *Ledger) MissingAnywhere() (missing int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at := range l.arrived {
		missing += l.missing(at)
	}
	return missing
}

func (l *Ledger) missing(at Destination) (missing int) {
	for n, event := range l.events {
		if event.acknowledged && l.times(at, n) == 0 {
			missing++
		}
	}
	return missing
}

// Acknowledged counts the events acknowledged so far.
func (l *Ledger) Acknowledged() (acknowledged int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, event := range l.events {
		if event.acknowledged {
			acknowledged++
		}
	}
	return acknowledged
}

// ArrivedAt counts the distinct events at a destination so far.
func (l *Ledger) ArrivedAt(at Destination) (arrived int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.arrived[at] {
		if times > 0 {
			arrived++
		}
	}
	return arrived
}
