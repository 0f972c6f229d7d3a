package httpsend

import (
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"
)

// status is the component's: recoverable while records are kept, or any are in
// quarantine.
type status struct {
	mu          sync.Mutex
	failure     error
	quarantined int
	words       error // the destination's last words on a record in quarantine

	shown string // what was reported last; "": OK
	at    time.Time
}

// ReportHealth takes the error that keeps records from being delivered, or would
// keep them; nil says that they are delivered. The component's status follows. It
// may be called from several goroutines.
func (s *Sender) ReportHealth(err error) {
	s.status.mu.Lock()
	defer s.status.mu.Unlock()
	if s.status.failure == nil && err == nil {
		return
	}
	again := s.status.failure != nil && err != nil
	s.status.failure = err
	if !again {
		s.show(true)
	}
}

// quarantined takes the number of records in quarantine, and the answer to one of
// them, if there is one.
func (s *Sender) quarantined(n int, words error) {
	s.status.mu.Lock()
	defer s.status.mu.Unlock()
	changes := (n == 0) != (s.status.quarantined == 0)
	s.status.quarantined = n
	if words != nil {
		s.status.words = words
	}
	s.show(changes)
}

// show reports the status, a new number of records not always at once.
func (s *Sender) show(now bool) {
	t := &s.status
	var err error
	switch {
	case t.failure != nil:
		err = t.failure
	case t.quarantined > 0 && t.words != nil:
		err = fmt.Errorf("%d refused events are in quarantine and are tried again: %w", t.quarantined, t.words)
	case t.quarantined > 0:
		err = fmt.Errorf("%d refused events are in quarantine since before the start and are tried again", t.quarantined)
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == t.shown || !now && time.Since(t.at) < s.HoldFor {
		return
	}
	t.shown, t.at = text, time.Now()
	if err == nil {
		s.Report(componentstatus.NewEvent(componentstatus.StatusOK))
	} else {
		s.Report(componentstatus.NewRecoverableErrorEvent(err))
	}
}
