//go:build e2e

package faults

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// accounts is a Datadog that answers each key in its own way: 202 unless told otherwise.
type accounts struct {
	end chan struct{} // closed: who hangs is answered

	mu      sync.Mutex
	answers map[string]int
	arrived map[string]time.Time // event ids
}

// hangs is the answer that never comes.
const hangs = -1

func newAccounts() *accounts {
	return &accounts{end: make(chan struct{}), answers: map[string]int{}, arrived: map[string]time.Time{}}
}

func (a *accounts) answer(key string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[key] = status
}

func (a *accounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	status := a.answers[r.Header.Get("DD-API-KEY")]
	a.mu.Unlock()
	var logs []struct {
		ID string `json:"event_id"`
	}
	body, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(body).Decode(&logs)
	}
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	case status == hangs:
		select {
		case <-a.end:
		case <-r.Context().Done():
		}
		return
	case status != 0:
		w.WriteHeader(status)
		return
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, log := range logs {
		a.arrived[log.ID] = now
	}
	w.WriteHeader(http.StatusAccepted)
}

// tenants send events of many projects, and know what became of each.
type tenants struct {
	*accounts
	sender harness.Sender

	sending sync.Mutex
	events  map[string]*sentEvent // that were acknowledged, by id
	n       int
}

type sentEvent struct {
	project int
	at      time.Time // when its request began
}

// push sends events of a project in one request, and returns the answer's status.
func (s *tenants) push(t *testing.T, project, n int) int {
	now := time.Now()
	events := make([]testdata.Event, n)
	ids := make([]string, n)
	s.sending.Lock()
	for i := range events {
		s.n++
		ids[i] = fmt.Sprintf("event-%d", s.n)
	}
	s.sending.Unlock()
	for i, id := range ids {
		events[i].JSON = fmt.Sprintf(`{"event_id":%q,"project_id":%q,"action":"AuthenticatePassword","status":"Success","_timestamp":%d}`,
			id, projectID(project), now.UnixMicro())
	}
	reply, err := s.sender.Array(t.Context(), events)
	if !assert.NoError(t, err) {
		return 0
	}
	if reply.Status == http.StatusAccepted {
		s.sending.Lock()
		defer s.sending.Unlock()
		for _, id := range ids {
			s.events[id] = &sentEvent{project, now}
		}
	}
	return reply.Status
}

// delays is what run measured.
type delays struct {
	sorted  []time.Duration     // of the healthy projects' events, from their request to their arrival
	answers map[int]map[int]int // project → status → requests
}

func (d *delays) at(quantile float64) time.Duration {
	return d.sorted[int(quantile*float64(len(d.sorted)))].Round(time.Millisecond)
}

// run sends 20 events a second of each project, two at a time, and waits until those of the healthy
// ones have arrived.
func (s *tenants) run(t *testing.T, from, to int, length time.Duration) *delays {
	const every = 100 * time.Millisecond
	d := &delays{answers: map[int]map[int]int{}}
	began := time.Now()
	var work sync.WaitGroup
	var mu sync.Mutex
	for project := from; project < to; project++ {
		d.answers[project] = map[int]int{}
		work.Go(func() {
			time.Sleep(every * time.Duration(project) / projects) // not all at once
			for begun := time.Now(); time.Since(began) < length; {
				status := s.push(t, project, 2)
				mu.Lock()
				d.answers[project][status]++
				mu.Unlock()
				begun = begun.Add(every)
				time.Sleep(time.Until(begun))
			}
		})
	}
	work.Wait()
	for project := range healthy {
		assert.Eventually(t, func() bool { return len(s.missing(project)) == 0 }, patience, 10*time.Millisecond)
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, event := range s.events {
		if arrived, ok := s.arrived[id]; ok && event.project < healthy && event.at.After(began) {
			d.sorted = append(d.sorted, arrived.Sub(event.at))
		}
	}
	slices.Sort(d.sorted)
	return d
}

// missing returns the events of a project that were acknowledged and have not arrived.
func (s *tenants) missing(project int) (ids []string) {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, event := range s.events {
		if _, ok := s.arrived[id]; !ok && event.project == project {
			ids = append(ids, id)
		}
	}
	return ids
}
