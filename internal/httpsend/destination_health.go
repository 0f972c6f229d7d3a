package httpsend

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// A destination that refuses a record may be right, or it may refuse whatever
// comes: a proxy that cannot read the compression answers 400 to everything, and
// so does one bad server behind a balancer. So a rejected record goes into
// quarantine, where it stops no other, and is dropped only by the quarantine's rule.

// maxRejectedInARow is the number of consecutive rejections of single records from
// which on the destination is in doubt, not the records.
const maxRejectedInARow = 16

// A record in quarantine is dropped after so many rejections. Each comes on a new
// connection, with other records accepted since the one before. Behind a balancer
// with one bad server of two, a good record that is alone in quarantine gets 10
// with a probability of 1 in 1,024. Where there are several, one of them is soon
// accepted; from then on, for cautionTime, 20 are needed: 1 in a million.
const (
	maxRejections         = 10
	cautiousMaxRejections = 20
	cautionTime           = time.Hour
)

// destinationHealth is what the answers so far tell of a destination.
type destinationHealth struct {
	mu                 sync.Mutex
	accepts            uint64    // requests accepted since the start
	rejectedInARow     int       // rejections of single records since the last acceptance
	quarantinedInDoubt time.Time // when a record last went into quarantine while the destination was in doubt
	acceptedRejected   time.Time // when a record in quarantine was last accepted
	bisected           time.Time // when a request of several records was last rejected
}

func (h *destinationHealth) noteAccepted(rejectedBefore bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accepts++
	h.rejectedInARow = 0
	if rejectedBefore {
		h.acceptedRejected = time.Now()
	}
}

func (h *destinationHealth) noteRejected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rejectedInARow++
}

func (h *destinationHealth) noteBisected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bisected = time.Now()
}

// rejectsSome tells whether a request was rejected lately for one of its records:
// then smaller requests save most of what would be sent again.
func (h *destinationHealth) rejectsSome(within time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.bisected.IsZero() && time.Since(h.bisected) < within
}

// rejecting tells whether a record was rejected since the last acceptance.
func (h *destinationHealth) rejecting() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rejectedInARow > 0
}

// mayQuarantine returns how many of n rejected records may go into quarantine from a
// push in which nothing was accepted. While the destination is in doubt it is one
// per interval: otherwise bad records could stop the stream for ever, where each of
// the queue's consumers has one.
func (h *destinationHealth) mayQuarantine(n int, every time.Duration) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	switch {
	case max(h.rejectedInARow, n) < maxRejectedInARow:
		return n
	case now.Sub(h.quarantinedInDoubt) >= every:
		h.quarantinedInDoubt = now
		return 1
	}
	return 0
}

// doubtful tells whether the destination may refuse whatever comes.
func (h *destinationHealth) doubtful() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.accepts == 0 || h.rejectedInARow >= maxRejectedInARow
}

// dropRule returns the number of requests accepted so far, and the number of
// rejections after which a record is dropped now.
func (h *destinationHealth) dropRule() (accepts uint64, enough int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.acceptedRejected.IsZero() && time.Since(h.acceptedRejected) < cautionTime {
		return h.accepts, cautiousMaxRejections
	}
	return h.accepts, maxRejections
}

// retargeted forgets what tells of the destination's present answers: there is another.
func (h *destinationHealth) retargeted() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rejectedInARow = 0
	h.quarantinedInDoubt, h.bisected = time.Time{}, time.Time{}
}

// rejectedAlone is a record that was rejected in a request of its own.
type rejectedAlone struct {
	payload.Range
	err error
}

var (
	errDoubt    = errors.New("nothing is accepted, which points to the destination or its settings rather than to the events")
	errNoQueue  = errors.New("refused events are kept by the sender where there is no sending_queue")
	errNoRecord = errors.New("taking the refused event out of its request")
)

// quarantineRejected puts rejected records into quarantine. It returns those that
// stay in their push, and the error that keeps them there.
func (s *Sender) quarantineRejected(c *payload.Cursor, refused []rejectedAlone, accepted bool) ([]rejectedAlone, error) {
	if len(refused) == 0 {
		return nil, nil
	}
	last := refused[len(refused)-1].err
	switch {
	case s.quarantine != nil:
	case !accepted && len(refused) >= maxRejectedInARow:
		return refused, s.keepRejected(errDoubt, last)
	default:
		return refused, s.keepRejected(errNoQueue, last)
	}
	allowed := len(refused)
	if !accepted {
		allowed = s.health.mayQuarantine(len(refused), s.HoldFor)
	}
	taken, err := s.quarantine.add(c, refused[:allowed])
	if taken > 0 {
		s.diagnosis.quarantined(last, taken)
	}
	if err == nil && allowed < len(refused) {
		err = errDoubt
	}
	if err != nil {
		return refused[taken:], s.keepRejected(err, last)
	}
	return nil, nil
}

// keepRejected returns the error that keeps rejected records in their push.
func (s *Sender) keepRejected(why, answer error) error {
	err := fmt.Errorf("%w: %w", why, answer)
	s.ReportHealth(err)
	s.diagnosis.waits(why.Error(), err, s.Keys.everything(), 1)
	return (&refusal{error: err, code: codeOf(answer), outcome: Hold}).wait(s.HoldFor)
}
