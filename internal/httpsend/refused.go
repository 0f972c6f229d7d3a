package httpsend

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-stytch/otelcol-stytch/internal/payload"
)

// A record that is refused by itself is at fault, or the destination is: a
// proxy that cannot read the compression, or a wrong path, can answer 400 or
// 413 to everything, and dropping all that comes would lose what a corrected
// setting delivers. What tells them apart is whether others are accepted.

// maxRefused is from how many records on that are refused in a row, with none
// accepted between them, the destination is at fault rather than they.
const maxRefused = 16

// releaseAfter is how often one refused record is dropped although nothing is
// accepted: so that records which are truly at fault cannot stop the stream
// for ever where each of the queue's consumers holds one.
const releaseAfter = 10 * time.Minute

// trust is what is known of a destination that refuses records.
type trust struct {
	refused  int       // records dropped as refused since the last one that was accepted
	accepted time.Time // when that was
	held     time.Time // when a push was last held because nothing in it was accepted
	nothing  time.Time // since when nothing is accepted, or when a record was dropped since
}

// suspect is a record that was refused by itself and is not given up yet.
type suspect struct {
	payload.Range
	reason string
	err    error
}

// acquit says that the destination takes records: one that it refuses from now
// on is at fault.
func (s *Sender) acquit() {
	s.Settle(nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trust.refused, s.trust.accepted, s.trust.nothing = 0, time.Now(), time.Time{}
}

// convict drops the suspects of a push in which nothing was accepted, or
// returns those that are to be kept because the destination is in doubt.
func (s *Sender) convict(suspects []suspect) []suspect {
	guilty := s.guilty(len(suspects), time.Now())
	for _, x := range suspects[:guilty] {
		s.Drops.Add(x.reason, 1, x.err)
	}
	return suspects[guilty:]
}

// guilty returns how many of n suspects are at fault.
func (s *Sender) guilty(n int, now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.trust
	switch {
	case t.refused+n < maxRefused:
		t.refused += n
		return n
	case t.accepted.After(t.held) && now.Sub(t.held) < 3*s.HoldFor:
		// What was held is refused again, and others were accepted meanwhile.
		t.held = time.Time{}
		return n
	case !t.nothing.IsZero() && now.Sub(t.nothing) >= releaseAfter:
		t.held, t.nothing = now, now
		return 1
	case t.nothing.IsZero():
		t.nothing = now
	}
	t.held = now
	return 0
}

// blame returns the error that holds records because nothing is accepted.
func (s *Sender) blame(err error) error {
	err = fmt.Errorf("nothing is accepted, which blames the destination or its settings rather than the events: %w", err)
	s.Settle(err)
	return exporterhelper.NewThrottleRetry(err, s.HoldFor)
}
