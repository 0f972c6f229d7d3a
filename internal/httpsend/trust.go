package httpsend

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// A destination that refuses a record may be right, or it may refuse whatever
// comes: a proxy that cannot read the compression answers 400 to everything, and
// so does one bad server behind a balancer. So a destination earns trust: a
// refused record leaves the stream's way for the quarantine, and is dropped only
// by the quarantine's rule.

// maxRefused is the number of records refused alone, with none accepted between
// them, from which on the destination is in doubt rather than the records.
const maxRefused = 16

// Refusals of a record in quarantine after which it is dropped. Each is on a new
// connection, with other records accepted since the one before. Behind a balancer
// with one bad server of two, 10 leave a chance of 1 in 1,024 for a record that is
// alone in quarantine; where several are, one of them is soon accepted, and from
// then on for doubtTime 20 are needed, which leave 1 in a million.
const (
	enoughRefusals   = 10
	cautiousRefusals = 20
	cautionTime      = time.Hour
)

// trust is what is known of a destination that refuses records.
type trust struct {
	mu       sync.Mutex
	accepts  uint64    // requests accepted since the start
	row      int       // records refused alone since the last one
	admitted time.Time // when a record went into quarantine although the destination is in doubt
	pardoned time.Time // when it last took a record that it had refused
	isolated time.Time // when it last refused a request of several for one of them
}

func (t *trust) accepted(pardon bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepts++
	t.row = 0
	if pardon {
		t.pardoned = time.Now()
	}
}

func (t *trust) refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.row++
}

func (t *trust) isolates() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.isolated = time.Now()
}

// wary tells whether a request was refused lately for one of its records: then
// smaller requests from the start on save most of what is sent again.
func (t *trust) wary(within time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.isolated.IsZero() && time.Since(t.isolated) < within
}

// refusing tells whether a record was refused since the last one that was accepted.
func (t *trust) refusing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.row > 0
}

// admit tells how many of n records, refused by a push in which nothing was
// accepted, may go into quarantine. While the destination is in doubt it is one
// in a while: records that are refused with reason must not stop the stream for
// ever where each of the queue's consumers holds one.
func (t *trust) admit(n int, every time.Duration) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	switch {
	case max(t.row, n) < maxRefused:
		return n
	case now.Sub(t.admitted) >= every:
		t.admitted = now
		return 1
	}
	return 0
}

// doubtful tells whether the destination may refuse whatever comes.
func (t *trust) doubtful() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.accepts == 0 || t.row >= maxRefused
}

// standing returns the requests accepted so far, and the refusals that are enough
// to drop a record now.
func (t *trust) standing() (accepts uint64, enough int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pardoned.IsZero() && time.Since(t.pardoned) < cautionTime {
		return t.accepts, cautiousRefusals
	}
	return t.accepts, enoughRefusals
}

// refusal is a record that was refused alone.
type refusal struct {
	payload.Range
	err error
}

var (
	errDoubt    = errors.New("nothing is accepted, which points to the destination or its settings rather than to the events")
	errNoQueue  = errors.New("refused events are kept by the sender where there is no sending_queue")
	errNoRecord = errors.New("taking the refused event out of its request")
)

// park puts refused records into quarantine. It returns those that stay in their
// push, and the error that holds them.
func (s *Sender) park(b *payload.Batch, refused []refusal, accepted bool) ([]refusal, error) {
	if len(refused) == 0 {
		return nil, nil
	}
	last := refused[len(refused)-1].err
	switch {
	case s.quarantine != nil:
	case !accepted && len(refused) >= maxRefused:
		return refused, s.keep(errDoubt, last)
	default:
		return refused, s.keep(errNoQueue, last)
	}
	admitted := len(refused)
	if !accepted {
		admitted = s.trust.admit(len(refused), s.HoldFor)
	}
	taken, err := s.quarantine.add(b, refused[:admitted])
	if err == nil && admitted < len(refused) {
		err = errDoubt
	}
	if err != nil {
		return refused[taken:], s.keep(err, last)
	}
	return nil, nil
}

// keep returns the error that holds refused records in their push, for why.
func (s *Sender) keep(why, answer error) error {
	err := fmt.Errorf("%w: %w", why, answer)
	s.Settle(err)
	s.diagnosis.kept(why.Error(), err, s.Keys.everything(), 1)
	return exporterhelper.NewThrottleRetry(err, s.HoldFor)
}
