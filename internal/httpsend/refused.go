package httpsend

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/exporter/exporterhelper"
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

// suspect is a record that was refused by itself and is not given up yet.
type suspect struct {
	Range
	reason string
	err    error
}

// accepted says that the destination takes records: the last refused ones were
// at fault.
func (s *Sender) accepted(suspects []suspect) {
	s.Settle(nil)
	s.mu.Lock()
	s.refused, s.doubt = 0, time.Time{}
	s.mu.Unlock()
	for _, x := range suspects {
		s.Drops.Add(x.reason, 1, x.err)
	}
}

// convict drops the suspects of a push in which nothing was accepted, or
// returns those that are to be kept because the destination is in doubt.
func (s *Sender) convict(suspects []suspect) []suspect {
	if len(suspects) == 0 {
		return nil
	}
	s.mu.Lock()
	guilty := 0
	switch {
	case s.refused+len(suspects) < maxRefused:
		guilty = len(suspects)
		s.refused += guilty
	case s.doubt.IsZero():
		s.doubt = time.Now()
	case time.Since(s.doubt) >= releaseAfter:
		guilty = 1
		s.doubt = time.Now()
	}
	s.mu.Unlock()
	for _, x := range suspects[:guilty] {
		s.Drops.Add(x.reason, 1, x.err)
	}
	return suspects[guilty:]
}

// blame returns the error that holds records because nothing is accepted.
func (s *Sender) blame(err error) error {
	err = fmt.Errorf("nothing is accepted, which blames the destination or its settings rather than the events: %w", err)
	s.Settle(err)
	return exporterhelper.NewThrottleRetry(err, s.HoldFor)
}
