//go:build e2e

package faults

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otelcol-stytch/otelcol-stytch/internal/testkit/harness"
	"github.com/otelcol-stytch/otelcol-stytch/testdata"
)

// driver makes calls for one project's stream, one at a time, and knows what each answer promised.
type driver struct {
	url     string // of the project's streams
	random  *rand.Rand
	keys    int // how many were made
	deletes bool
	calls   int // that were answered

	mu sync.Mutex
	// state is what the last answer promised. While a call has no answer, next may be the state as well.
	state, next streamState
	version     int // rises when a call begins, and when it is answered
}

// settled returns the state, and its version, unless a call is on its way.
func (d *driver) settled() (s streamState, version int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state, d.version, d.state == d.next
}

// enter notes what was promised, and what a call on its way would make of it.
func (d *driver) enter(state, next streamState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state, d.next = state, next
	d.version++
}

// streamState is a stream's number of the key, and its status. The zero value is no stream.
type streamState struct {
	key    int
	status string
}

// shown is how GET shows it.
func (s streamState) shown() string {
	if s.status == "" {
		return ""
	}
	return fmt.Sprintf(`{"destination_config":{"datadog":{"api_key_last_four":"%04d","site":"US"}},"destination_type":"DATADOG","streaming_status":%q}`, s.key, s.status)
}

func (d *driver) do(method, path, body string) (status int, config string, err error) {
	req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.SetBasicAuth("workspace-key-1", workspaceSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", err
	}
	var answer struct {
		Config json.RawMessage `json:"event_log_streaming_config"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return 0, "", err
	}
	var members any
	if json.Unmarshal(answer.Config, &members) == nil {
		text, _ := json.Marshal(members) // in the order of their names
		config = string(text)
	}
	return resp.StatusCode, config, nil
}

// step makes a call that changes the state. It returns false when no answer came.
func (d *driver) step() (bool, error) {
	method, path, body, next := "POST", "", "", d.state
	config := func() string {
		d.keys++
		next.key = d.keys
		return fmt.Sprintf(`"destination_config":{"datadog":{"api_key":"%032d","site":"US"}}`, d.keys)
	}
	switch choice := d.random.IntN(6); {
	case d.state.status == "":
		body = `{"destination_type":"DATADOG",` + config() + `}`
		next.status = "DISABLED"
	case choice == 0 && d.deletes:
		method, path, next = "DELETE", "/DATADOG", streamState{}
	case choice < 3 && d.state.status == "DISABLED":
		path, next.status = "/DATADOG/enable", "ACTIVE"
	case choice < 3:
		path, next.status = "/DATADOG/disable", "DISABLED"
	default:
		method, path, body = "PUT", "/DATADOG", `{`+config()+`}`
	}
	d.enter(d.state, next)
	code, _, err := d.do(method, path, body)
	if err != nil {
		return false, nil //nolint:nilerr // the collector was killed
	}
	if code != http.StatusOK {
		return false, fmt.Errorf("%s %s: %d", method, path, code)
	}
	d.enter(next, next)
	d.calls++
	return true, nil
}

// pusher sends one project's events, one at a time, and knows which must arrive and which must not.
type pusher struct {
	*driver
	sender    harness.Sender
	project   string
	n         int
	must, not []string // event ids
}

// push sends an event. It returns false when no answer came.
func (p *pusher) push(t *testing.T) bool {
	p.n++
	id := fmt.Sprintf("%s-event-%d", p.project, p.n)
	before, version, ok := p.settled()
	now := time.Now()
	reply, err := p.sender.Object(t.Context(), testdata.Event{JSON: fmt.Sprintf(
		`{"event_id":%q,"project_id":%q,"action":"AuthenticatePassword","status":"Success","_timestamp":%d}`, id, p.project, now.UnixMicro())})
	if _, after, _ := p.settled(); ok && version == after {
		switch {
		case before.status != "ACTIVE":
			p.not = append(p.not, id)
		case err == nil && reply.Status == http.StatusAccepted && !p.deletes: // a deletion drops what waits
			p.must = append(p.must, id)
		}
	}
	return err == nil
}

// intake is a Datadog that takes every key.
type intake struct {
	mu      sync.Mutex
	arrived map[string]bool // event ids
}

func (i *intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var logs []struct {
		ID string `json:"event_id"`
	}
	body, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(body).Decode(&logs)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, log := range logs {
		i.arrived[log.ID] = true
	}
	w.WriteHeader(http.StatusAccepted)
}

// of returns those of ids that have arrived, and those that have not.
func (i *intake) of(ids []string) (arrived, missing []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, id := range ids {
		if i.arrived[id] {
			arrived = append(arrived, id)
		} else {
			missing = append(missing, id)
		}
	}
	return arrived, missing
}
