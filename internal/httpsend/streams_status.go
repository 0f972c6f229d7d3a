package httpsend

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"
)

const (
	// namedInStatus is how many projects a status names.
	namedInStatus = 5
	// statusEvery is the shortest time between two statuses that differ in their words.
	statusEvery = time.Second
)

// streamsStatus is the component's status: recoverable while a stream is held.
type streamsStatus struct {
	report func(*componentstatus.Event)

	mu      sync.Mutex
	why     map[string]error // of the projects whose events wait
	shown   string
	waiting *time.Timer // nil: nothing new is to be shown
	ended   bool
}

func newStreamsStatus(report func(*componentstatus.Event)) *streamsStatus {
	return &streamsStatus{report: report, why: map[string]error{}}
}

// set takes why a project's events wait; nil: they do not.
func (s *streamsStatus) set(project string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.why)
	if err == nil {
		delete(s.why, project)
	} else {
		s.why[project] = err
	}
	switch {
	case before == 0 != (len(s.why) == 0):
		s.show()
	case err == nil && before == 0, s.waiting != nil, s.ended:
	default:
		s.waiting = time.AfterFunc(statusEvery, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.waiting = nil
			s.show()
		})
	}
}

// show reports the status. The caller has locked s.
func (s *streamsStatus) show() {
	text := s.text()
	if text == s.shown || s.ended {
		return
	}
	s.shown = text
	if text == "" {
		s.report(componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	s.report(componentstatus.NewRecoverableErrorEvent(errors.New(text)))
}

func (s *streamsStatus) text() string {
	if len(s.why) == 0 {
		return ""
	}
	var parts []string
	projects := slices.Sorted(maps.Keys(s.why))
	for _, project := range projects[:min(len(projects), namedInStatus)] {
		parts = append(parts, project+": "+s.why[project].Error())
	}
	text := fmt.Sprintf("the events of %d streams wait: %s", len(projects), strings.Join(parts, "; "))
	if more := len(projects) - namedInStatus; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

func (s *streamsStatus) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.waiting != nil {
		s.waiting.Stop()
	}
}
